/// Something wrong, or worth a word, at one place of a configuration file.
struct Fault {
  enum Severity: String {
    case error, warning
  }

  let severity: Severity
  let source: SourceText
  let line: Int
  let column: Int
  let message: String
  /// The right form; nil where the message already says it.
  let help: String?

  /// Longer lines are shown in part, around the caret.
  private static let shownMax = 120
  private static let mask = "***"

  /// `file:line:column: message`.
  var headline: String { "\(source.path):\(line):\(column): \(Self.printable(message))" }

  /// The headline with its severity, the line with a caret, the help.
  var description: String {
    let place = "\(source.path):\(line):\(column)"
    var rows = ["\(place): \(severity.rawValue): \(Self.printable(message))"]
    if let (excerpt, caret) = excerpt() { rows += [excerpt, caret] }
    if let help { rows.append("help: \(Self.printable(help))") }
    return rows.joined(separator: "\n")
  }

  /// Nil for a line that the file does not have, as in an empty one.
  private func excerpt() -> (String, caret: String)? {
    guard source.lines.indices.contains(line - 1), !source.lines[line - 1].isEmpty else {
      return nil
    }
    var scalars = Array(source.lines[line - 1].unicodeScalars)
    var caretIndex = max(0, min(column - 1, scalars.count))
    if let maskColumn = source.maskColumn(line: line), maskColumn <= scalars.count {
      scalars = Array(scalars.prefix(maskColumn - 1)) + Array(Self.mask.unicodeScalars)
      caretIndex = min(caretIndex, maskColumn - 1)
    }
    if scalars.count > Self.shownMax {
      let start = max(0, min(caretIndex - Self.shownMax / 2, scalars.count - Self.shownMax))
      let end = min(scalars.count, start + Self.shownMax)
      var window = Array(scalars[start..<end])
      if start > 0 { window[0] = "…" }
      if end < scalars.count { window[window.count - 1] = "…" }
      scalars = window
      caretIndex -= start
    }
    let lead = scalars.prefix(caretIndex).map { $0 == "\t" ? "\t" : " " }.joined()
    let text = String(String.UnicodeScalarView(scalars))
    return (Self.printable(text, keepTabs: true), caret: lead + "^")
  }

  /// Control characters, which a terminal might obey, become a middle dot.
  static func printable(_ text: String, keepTabs: Bool = false) -> String {
    String(
      String.UnicodeScalarView(
        text.unicodeScalars.map { scalar in
          let isControl =
            scalar.properties.generalCategory == .control
            || scalar.properties.generalCategory == .format
          return isControl && !(keepTabs && scalar == "\t") ? "·" : scalar
        }))
  }
}
