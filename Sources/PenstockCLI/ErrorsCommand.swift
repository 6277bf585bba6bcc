import ArgumentParser
import Penstock

/// Prints the table of all errors that Penstock answers with.
struct ErrorsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "errors", abstract: "Print every error: code, slug, status, side, fix.")

  @Flag(help: "Print the table of README.md.")
  var markdown = false

  func run() throws {
    if markdown {
      print(Self.markdownTable)
      return
    }
    var rows = [["code", "slug", "status", "side", "fix"]]
    for error in PenstockError.allCases {
      let row = error.row
      rows.append(["\(row.code)", "\(row.slug)", "\(row.status)", "\(row.side)", "\(row.fix)"])
    }
    for row in rows { print(Self.line(row, widths: Self.widths(rows))) }
  }

  static var markdownTable: String {
    let rows = PenstockError.allCases.map(\.row).map {
      "| \($0.status) | `\($0.slug)` | \($0.message) | \($0.fix) |"
    }
    return (["| status | slug | what it means | what helps |", "|---|---|---|---|"] + rows)
      .joined(separator: "\n")
  }

  /// The last column is as wide as it happens to be.
  private static func line(_ row: [String], widths: [Int]) -> String {
    row.enumerated().map { column, cell in
      let isLast = column == row.count - 1
      return isLast ? cell : cell + String(repeating: " ", count: widths[column] - cell.count)
    }.joined(separator: "  ")
  }

  private static func widths(_ rows: [[String]]) -> [Int] {
    rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
  }
}
