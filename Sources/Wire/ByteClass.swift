/// What a byte may be part of, by the grammars of RFC 9110 and RFC 9112: one table, one load.
public enum ByteClass {
  @usableFromInline static let token: UInt8 = 1
  @usableFromInline static let fieldValue: UInt8 = 2
  @usableFromInline static let target: UInt8 = 4
  @usableFromInline static let host: UInt8 = 8
  @usableFromInline static let requestID: UInt8 = 16

  /// A byte of a token: method, field name (RFC 9110 §5.6.2).
  @inlinable public static func isToken(_ byte: UInt8) -> Bool { has(byte, token) }

  /// A byte of a field value: visible, SP, HT or obs-text (RFC 9110 §5.5).
  @inlinable public static func isFieldValue(_ byte: UInt8) -> Bool { has(byte, fieldValue) }

  /// A byte of a request target: visible ASCII but `#`, which never goes over the wire
  /// (RFC 9112 §3.2).
  @inlinable public static func isTarget(_ byte: UInt8) -> Bool { has(byte, target) }

  /// A byte of a registered name in Host: letters, digits, `-._~`. Stricter than RFC 3986 §3.2.2.
  @inlinable public static func isHost(_ byte: UInt8) -> Bool { has(byte, host) }

  /// A byte of a request id that is taken over from the client.
  @inlinable public static func isRequestID(_ byte: UInt8) -> Bool { has(byte, requestID) }

  @inlinable public static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }

  /// The value of a hexadecimal digit, nil for another byte.
  @inlinable public static func hexadecimal(_ byte: UInt8) -> UInt8? {
    if isDigit(byte) { return byte &- 0x30 }
    let letter = (byte | 0x20) &- 0x61
    return letter < 6 ? letter &+ 10 : nil
  }

  /// An upper-case ASCII letter in lower case, any other byte as it is.
  @inlinable public static func lowercased(_ byte: UInt8) -> UInt8 {
    byte &- 0x41 < 26 ? byte | 0x20 : byte
  }

  @inlinable static func has(_ byte: UInt8, _ bit: UInt8) -> Bool {
    classes[Int(byte)] & bit != 0
  }

  /// Literals, so that the table is data of the program: one that is computed asks before each byte
  /// whether it has been (3 % of a request's instructions). `ByteClassTests` computes it.
  @usableFromInline static let classes: [256 of UInt8] = [
    0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    2, 7, 6, 3, 7, 7, 7, 7, 6, 6, 7, 7, 6, 31, 31, 6,
    31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 6, 6, 6, 6, 6, 6,
    6, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31,
    31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 6, 6, 6, 7, 31,
    7, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31,
    31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 6, 7, 6, 15, 0,
    2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2,
    2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2,
    2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2,
    2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2,
    2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2,
    2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2,
    2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2,
    2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2,
  ]
}
