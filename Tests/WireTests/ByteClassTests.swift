import Testing

@testable import Wire

/// The table of byte classes, computed from the grammars.
@Suite struct ByteClassTests {
  @Test func `every byte is of the classes that the grammars say`() {
    for value in 0...255 {
      let byte = UInt8(value)
      let isAlphanumeric =
        (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
      #expect(
        ByteClass.isToken(byte) == (isAlphanumeric || "!#$%&'*+-.^_`|~".utf8.contains(byte)))
      #expect(ByteClass.isFieldValue(byte) == (byte == 0x09 || byte >= 0x20 && byte != 0x7f))
      #expect(ByteClass.isTarget(byte) == (byte > 0x20 && byte < 0x7f && byte != 0x23))
      #expect(ByteClass.isHost(byte) == (isAlphanumeric || "-._~".utf8.contains(byte)))
      #expect(ByteClass.isRequestID(byte) == (isAlphanumeric || "-._".utf8.contains(byte)))
    }
  }
}
