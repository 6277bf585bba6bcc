import Foundation
import Testing

@testable import PenstockCLI

@Suite struct ErrorsCommandTests {
  private let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("README.md")
    .path

  @Test func `the README has the table that the program prints`() throws {
    let text = try String(contentsOfFile: path, encoding: .utf8)
    let isThere = text.contains("\n\n\(ErrorsCommand.markdownTable)\n\n")
    #expect(isThere, "put what `penstock errors --markdown` prints into README.md")
  }

  @Test func `no cell of it breaks the table`() {
    for line in ErrorsCommand.markdownTable.split(separator: "\n").dropFirst(2) {
      #expect(line.split(separator: "|", omittingEmptySubsequences: false).count == 6, "\(line)")
    }
  }
}
