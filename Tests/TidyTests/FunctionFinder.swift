/// Finds functions by their indentation, which the formatter guarantees.
enum FunctionFinder {
  struct Function {
    /// Counted from 1.
    let firstLine: Int
    let lineCount: Int
  }

  static func functions(in file: SourceFile) -> [Function] {
    let lines = file.lines.map(SourceFile.code)
    return lines.indices.compactMap { first in
      guard isDeclaration(lines[first]), let last = lastLine(of: first, lines) else { return nil }
      return Function(firstLine: first + 1, lineCount: last - first + 1)
    }
  }

  private static func isDeclaration(_ line: Substring) -> Bool {
    let words = line.split(separator: " ")
    for word in words {
      if word == "func" || word == "deinit" { return true }
      if ["init(", "init?(", "init<", "subscript("].contains(where: word.hasPrefix) { return true }
      if !isModifier(word) { return false }
    }
    return false
  }

  private static func isModifier(_ word: Substring) -> Bool {
    word.hasPrefix("@")
      || [
        "public", "private", "fileprivate", "internal", "open", "static", "class", "final",
        "override", "mutating", "consuming", "borrowing", "convenience", "required", "nonisolated",
      ].contains(word)
  }

  /// Nil where the function has no body: a requirement of a protocol.
  private static func lastLine(of first: Int, _ lines: [Substring]) -> Int? {
    let depth = indentation(lines[first])
    if lines[first].contains("{"), lines[first].hasSuffix("}") { return first }
    var isOpen = lines[first].hasSuffix("{")
    for index in (first + 1)..<max(first + 1, lines.count) {
      let line = lines[index]
      if line.allSatisfy({ $0 == " " }) || indentation(line) > depth { continue }
      let start = line.dropFirst(depth)
      if isOpen { return start.hasPrefix("}") ? index : nil }
      isOpen = line.hasSuffix("{") && (start.hasPrefix(")") || start.hasPrefix("{"))
      if !isOpen, !start.hasPrefix("where") { return nil }
    }
    return nil
  }

  private static func indentation(_ line: Substring) -> Int { line.prefix { $0 == " " }.count }
}
