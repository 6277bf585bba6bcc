/// One configuration file as its author wrote it, and how much of each line a fault may show.
final class SourceText {
  /// As given on the command line, or as an `include` led to it.
  let path: String
  let text: String
  let lines: [Substring]
  /// By line number: the first column that must not be shown.
  private var maskColumns: [Int: Int] = [:]
  /// By line number: the columns of keys that must not be named.
  private var hiddenKeys: [Int: Set<Int>] = [:]

  init(path: String, text: String) {
    self.path = path
    self.text = text
    lines = text.split(omittingEmptySubsequences: false) { $0.isNewline }
  }

  /// The folder that relative paths in this file start from.
  var folder: String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// Absolute paths as they are, others from this file's folder.
  func resolved(_ relative: String) -> String {
    if relative.hasPrefix("/") || folder == "." { return relative }
    return folder == "/" ? "/" + relative : folder + "/" + relative
  }

  /// Hides the line from that column on; columns count from 1.
  func mask(line: Int, from column: Int) {
    maskColumns[line] = min(maskColumns[line] ?? column, column)
  }

  /// Hides a key, and with it the rest of its line.
  func hideKey(line: Int, column: Int) {
    hiddenKeys[line, default: []].insert(column)
    mask(line: line, from: column)
  }

  func isHiddenKey(line: Int, column: Int) -> Bool {
    hiddenKeys[line]?.contains(column) ?? false
  }

  func maskColumn(line: Int) -> Int? { maskColumns[line] }

  /// The line, which counts from 1, up to where it must not be shown.
  func shownLine(_ number: Int) -> String {
    let scalars = lines[number - 1].unicodeScalars
    guard let column = maskColumns[number] else { return String(lines[number - 1]) }
    return String(scalars.prefix(column - 1))
  }
}
