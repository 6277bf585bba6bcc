/// A header field that a credential fills.
public struct HeaderSlot: Sendable {
  /// The field's name as configured.
  let spelling: [UInt8]
  /// The same in lower case, to drop or refuse the client's own.
  public let nameBytes: [UInt8]
  /// The finished line, `Name: value` with CRLF.
  public let line: Secret

  public init(name: String, value: [UInt8]) {
    // The name of most slots is in memory once, not once an account.
    let isUsual = name == Self.usual.name
    spelling = isUsual ? Self.usual.spelling : Array(name.utf8)
    nameBytes = isUsual ? Self.usual.bytes : Array(name.lowercased().utf8)
    line = Secret(spelling + [0x3a, 0x20] + value + [0x0d, 0x0a])
  }

  public var name: String { String(decoding: nameBytes, as: UTF8.self) }

  /// The value as it stands in the line, without what stands in front of it there.
  func value(behind scheme: StaticString) -> Secret {
    line.part(spelling.count + 2 + scheme.utf8CodeUnitCount..<line.count - 2)
  }

  private static let usual = (
    name: "Authorization", spelling: Array("Authorization".utf8),
    bytes: Array("authorization".utf8)
  )
}
