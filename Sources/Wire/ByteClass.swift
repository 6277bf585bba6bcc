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
    unsafe classes[Int(byte)] & bit != 0
  }

  @usableFromInline nonisolated(unsafe) static let classes: UnsafePointer<UInt8> = {
    // Never freed: as long as the program. Written once, before anyone reads it.
    let table = UnsafeMutablePointer<UInt8>.allocate(capacity: 256)
    table.initialize(repeating: 0, count: 256)
    for byte in 0...255 {
      let isAlphanumeric =
        (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
      if isAlphanumeric { table[byte] |= token | host | requestID }
      if byte == 0x09 || byte >= 0x20 && byte != 0x7f { table[byte] |= fieldValue }
      if byte > 0x20, byte < 0x7f, byte != 0x23 { table[byte] |= target }
    }
    for byte in "!#$%&'*+-.^_`|~".utf8 { table[Int(byte)] |= token }
    for byte in "-._~".utf8 { table[Int(byte)] |= host }
    for byte in "-._".utf8 { table[Int(byte)] |= requestID }
    return UnsafePointer(table)
  }()
}
