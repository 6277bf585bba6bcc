/// Commands and URLs as reports show them: what may prove who one is does not stand in them.
///
/// Secrets have no names of their own, so it is said what is harmless, and all else is `***`:
/// fields' values, values in queries, bodies, keys. Files are named.
enum CommandText {
  static func masked(_ arguments: [String]) -> String {
    var shown: [String] = []
    var flag: Substring?
    for argument in arguments {
      if let known = flag {
        shown.append(quoted(masked(argument[...], of: known)))
        flag = nil
      } else if let known = secretFlags.first(where: { argument == $0 }) {
        shown.append(argument)
        flag = known
      } else if let (known, prefix) = joined(argument) {
        shown.append(quoted(prefix + masked(argument.dropFirst(prefix.count), of: known)))
      } else {
        shown.append(quoted(maskedQuery(argument)))
      }
    }
    return shown.joined(separator: " ")
  }

  /// A URL or path with its query's names alone.
  static func maskedQuery(_ text: String) -> String {
    guard let mark = text.firstIndex(of: "?") else { return text }
    let pairs = text[text.index(after: mark)...].split(
      separator: "&", omittingEmptySubsequences: false)
    return text[...mark]
      + pairs.map { pair in
        pair.firstIndex(of: "=").map { pair[...$0] + "***" } ?? (pair.isEmpty ? "" : "***")
      }.joined(separator: "&")
  }

  static func isHarmless(fieldNamed name: some StringProtocol) -> Bool {
    harmlessFields.contains(name.lowercased())
  }

  private static let secretFlags: [Substring] = ["--api-key", "-H", "--header", "-b", "--body"]

  private static let harmlessFields = [
    "accept", "accept-encoding", "accept-language", "cache-control", "connection",
    "content-encoding", "content-type", "expect", "host", "range", "te", "transfer-encoding",
    "user-agent",
  ]

  /// `-Hname: value`, `-H=name: value`, `--header=name: value`: the flag, and what is in front of
  /// its value.
  private static func joined(_ argument: String) -> (flag: Substring, prefix: String)? {
    for flag in secretFlags where argument.hasPrefix(flag) {
      if argument.dropFirst(flag.count).hasPrefix("=") { return (flag, flag + "=") }
      if !flag.hasPrefix("--") { return (flag, String(flag)) }
    }
    return nil
  }

  private static func masked(_ value: Substring, of flag: Substring) -> String {
    if flag == "-H" || flag == "--header" {
      guard let colon = value.firstIndex(of: ":") else { return "***" }
      return isHarmless(fieldNamed: value[..<colon]) ? String(value) : value[...colon] + " ***"
    }
    return value.hasPrefix("@") ? String(value) : "***"
  }

  private static func quoted(_ argument: String) -> String {
    let isPlain = argument.allSatisfy {
      $0.isASCII && ($0.isLetter || $0.isNumber || "-_=./:@%,+".contains($0))
    }
    return isPlain && !argument.isEmpty
      ? argument
      : "'"
        + argument.split(separator: "'", omittingEmptySubsequences: false)
        .joined(separator: "'\\''") + "'"
  }
}
