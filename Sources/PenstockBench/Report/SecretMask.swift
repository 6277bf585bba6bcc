/// What a run sends that may be secret, to be found again where a server's answer repeats it.
struct SecretMask: Sendable {
  private var secrets: [String] = []

  /// The value of a field or of a query; its words, for servers repeat a key without its scheme.
  mutating func add(_ value: some StringProtocol) {
    for word in value.split(whereSeparator: { " ;,=&?".contains($0) })
    where word.count >= Self.leastCharacters { secrets.append(String(word)) }
  }

  /// The text without secrets, and without the beginning of one where its end cuts it.
  func masked(_ text: String) -> String {
    var text = text
    for secret in secrets {
      text = text.replacing(secret, with: "***")
      for count in stride(from: secret.count - 1, through: Self.leastCharacters, by: -1)
      where text.hasSuffix(secret.prefix(count)) {
        text = text.dropLast(count) + "***"
        break
      }
    }
    return text
  }

  /// Shorter ones are found by chance.
  private static let leastCharacters = 4
}
