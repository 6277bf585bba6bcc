/// Finds the second of two equal keys in a text and renames it, without moving anything.
struct DuplicateKeys {
  /// The text with every second key found so far renamed.
  private(set) var text: String
  private var lines: [[Unicode.Scalar]]
  private var names: [Unicode.Scalar: String] = [:]

  /// From a plane that nobody types: the new name is one of these and filling ones.
  private static let firstScalar: UInt32 = 0xf_0000
  private static let filling: Unicode.Scalar = "\u{10fffd}"

  init(source: SourceText) {
    text = source.text
    lines = source.lines.map { Array($0.unicodeScalars) }
  }

  /// What a renamed key was called in the file; nil for every other key.
  func originalName(of key: String) -> String? {
    key.unicodeScalars.first.flatMap { names[$0] }
  }

  /// Looks behind the first key, on its line, then on those that begin at its column; nil where
  /// nothing is found.
  mutating func renameSecond(
    _ key: String, line: Int, column: Int
  ) -> (line: Int, column: Int)? {
    let name = Array(key.unicodeScalars)
    guard !name.isEmpty, lines.indices.contains(line - 1) else { return nil }
    var start = column
    for index in (line - 1)..<lines.count {
      let onFirstLine = index == line - 1
      if let found = find(name, in: lines[index], from: onFirstLine ? start : 0) {
        if onFirstLine || isInReach(index, column: column, found: found, of: line) {
          rename(index, at: found, to: name)
          return (index + 1, found + 1)
        }
      }
      start = 0
    }
    return nil
  }

  // MARK: Helpers

  /// A block mapping's keys share a column; a flow mapping's may stand anywhere behind the first.
  private func isInReach(_ index: Int, column: Int, found: Int, of line: Int) -> Bool {
    let quote = found > 0 && Self.isQuote(lines[index][found - 1]) ? 1 : 0
    return found - quote == column - 1 || Self.isInFlow(lines[line - 1], before: column - 1)
  }

  private static func isInFlow(_ line: [Unicode.Scalar], before index: Int) -> Bool {
    let before = line.prefix(index)
    return before.count { $0 == "{" } > before.count { $0 == "}" }
  }

  private static func isQuote(_ scalar: Unicode.Scalar) -> Bool {
    scalar == "\"" || scalar == "'"
  }

  /// The key as a whole word, followed by its colon.
  private func find(
    _ name: [Unicode.Scalar], in line: [Unicode.Scalar], from start: Int
  ) -> Int? {
    guard line.count >= start + name.count else { return nil }
    for index in start...(line.count - name.count)
    where line[index..<(index + name.count)].elementsEqual(name) {
      if index > 0, !" \t{,-\"'?".unicodeScalars.contains(line[index - 1]) { continue }
      let after = line[(index + name.count)...].drop { Self.isQuote($0) || $0 == " " }
      if after.first == ":" { return index }
    }
    return nil
  }

  private mutating func rename(_ line: Int, at index: Int, to name: [Unicode.Scalar]) {
    let number = Self.firstScalar + UInt32(names.count)
    guard let first = Unicode.Scalar(number) else { return }
    names[first] = String(String.UnicodeScalarView(name))
    let filling = [Unicode.Scalar](repeating: Self.filling, count: name.count - 1)
    lines[line].replaceSubrange(index..<(index + name.count), with: [first] + filling)
    text = lines.map { String(String.UnicodeScalarView($0)) }.joined(separator: "\n")
  }
}
