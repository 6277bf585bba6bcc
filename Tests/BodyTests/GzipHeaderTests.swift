import Body
import Testing

/// Heads of gzip members, through the stage that reads them.
@Suite struct GzipHeaderTests {
  private static let text: UInt8 = 1
  private static let check: UInt8 = 2
  private static let extra: UInt8 = 4
  private static let name: UInt8 = 8
  private static let comment: UInt8 = 16

  private static let body = Array("body".utf8)

  /// The head's own check, over all that stands before it.
  private static func checked(_ flags: UInt8, _ fields: [UInt8]) -> [UInt8] {
    let head = [0x1f, 0x8b, 8, flags, 0, 0, 0, 0, 0, 0xff] + fields
    return fields + Oracle.littleEndian(Oracle.crc32(head)).prefix(2)
  }

  private static func expect(_ flags: UInt8, _ fields: [UInt8], _ outcome: Outcome) throws {
    let bytes = Oracle.gzip(body, flags: flags, fields: fields)
    for feed in [Feed(), Feed(pieces: [1]), Feed(pieces: [1000], rooms: [1])] {
      let isSame = try decode(.gzip, bytes, feed) == outcome
      #expect(isSame, "flags \(flags), \(fields.count) bytes of fields")
    }
  }

  @Test func `every mixture of optional fields is read over`() throws {
    for flags: UInt8 in 0..<32 {
      var fields: [UInt8] = []
      if flags & Self.extra != 0 { fields += [3, 0, 1, 0, 2] }
      if flags & Self.name != 0 { fields += Array("name".utf8) + [0] }
      if flags & Self.comment != 0 { fields += [0] }
      if flags & Self.check != 0 { fields = Self.checked(flags, fields) }
      try Self.expect(flags, fields, Outcome(bytes: Self.body))
    }
  }

  @Test func `an empty extra field is one`() throws {
    try Self.expect(Self.extra, [0, 0], Outcome(bytes: Self.body))
  }

  @Test func `reserved flags are malformed`() throws {
    for flags: UInt8 in [0x20, 0x40, 0x80] {
      try Self.expect(flags, [], Outcome(fault: .malformed))
    }
  }

  @Test func `a head that does not match its check is malformed`() throws {
    var fields = Self.checked(Self.check | Self.name, Array("name".utf8) + [0])
    fields[0] = 0x4e
    try Self.expect(Self.check | Self.name, fields, Outcome(fault: .malformed))
  }

  @Test func `a head of 64 KiB passes, and one byte more does not`() throws {
    let most = 65536 - 10
    let name = [UInt8](repeating: 0x61, count: most - 1) + [0]
    try Self.expect(Self.name, name, Outcome(bytes: Self.body))
    try Self.expect(Self.comment, [0x61] + name, Outcome(fault: .malformed))
    let extra: [UInt8] = [0xff, 0xff] + [UInt8](repeating: 1, count: 65535)
    try Self.expect(Self.extra, extra, Outcome(fault: .malformed))
    try Self.expect(
      Self.extra | Self.name, [0, 0x80] + [UInt8](repeating: 1, count: 0x8000) + name,
      Outcome(fault: .malformed))
  }

  @Test func `a name that does not end is malformed, not waited for`() throws {
    let name = [UInt8](repeating: 0x61, count: 1 << 20)
    let bytes = [0x1f, 0x8b, 8, Self.name, 0, 0, 0, 0, 0, 0xff] + name
    for feed in [Feed(), Feed(pieces: [4096]), Feed(pieces: [1])] {
      #expect(try decode(.gzip, bytes, feed) == Outcome(fault: .malformed))
    }
  }

  @Test func `the bound is for each member's head`() throws {
    let name = [UInt8](repeating: 0x61, count: 40000) + [0]
    let member = Oracle.gzip(Self.body, flags: Self.name, fields: name)
    #expect(try decode(.gzip, member + member) == Outcome(bytes: Self.body + Self.body))
  }
}
