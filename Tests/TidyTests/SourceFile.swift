import Foundation

/// One text file of the repository, read whole.
struct SourceFile {
  /// From the repository's root, say `Sources/Wire/Slice.swift`.
  let path: String
  let text: String

  var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }
  var lineCount: Int { text.utf8.count { $0 == 0x0a } }
  /// The folder below `Sources` or `Tests`.
  var room: String { path.split(separator: "/").dropFirst().first.map(String.init) ?? "" }

  /// `path:line` of each line that fulfils the condition.
  func places(where condition: (Substring) -> Bool) -> [String] {
    lines.enumerated().filter { condition($0.element) }.map { "\(path):\($0.offset + 1)" }
  }

  /// The line less what stands behind `//`, unless that may be part of a string.
  static func code(_ line: Substring) -> Substring {
    if line.contains("\"") { return line }
    guard let comment = line.range(of: "//") else { return line }
    return line[..<comment.lowerBound]
  }
}
