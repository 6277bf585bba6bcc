/// A header field that an account adds to each of its requests.
public struct AccountHeader: Sendable {
  public let name: String
  public let value: String
  /// The name in lower case and bytes, for comparing on the hot path.
  public let nameBytes: [UInt8]
  /// The finished line, `Name: value` with CRLF.
  public let line: [UInt8]

  public init(name: String, value: String) {
    self.name = name
    self.value = value
    nameBytes = Array(name.lowercased().utf8)
    line = Array("\(name): \(value)\r\n".utf8)
  }
}
