/// Matches names with `*`, any run of characters, and `?`, any one.
enum Glob {
  static func isPattern(_ text: String) -> Bool { text.contains("*") || text.contains("?") }

  /// In time of the product of the two lengths, whatever the pattern: it goes back to the last `*`
  /// alone.
  static func matches(_ pattern: String, _ name: String) -> Bool {
    let pattern = Array(pattern.utf8)
    let name = Array(name.utf8)
    var (i, j) = (0, 0)
    var retry: (pattern: Int, name: Int)?
    while j < name.count {
      if i < pattern.count, pattern[i] == 0x2a {
        retry = (i, j)
        i += 1
      } else if i < pattern.count, pattern[i] == 0x3f || pattern[i] == name[j] {
        (i, j) = (i + 1, j + 1)
      } else if let last = retry {
        retry = (last.pattern, last.name + 1)
        (i, j) = (last.pattern + 1, last.name + 1)
      } else {
        return false
      }
    }
    return pattern[i...].allSatisfy { $0 == 0x2a }
  }
}
