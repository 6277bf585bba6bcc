import Testing
import Wire

@Suite struct PercentCodingTests {
  private func encoded(_ bytes: [UInt8]) -> String {
    var buffer = ByteBuffer()
    PercentCoding.encode(bytes.span, into: &buffer)
    return buffer.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
  }

  private func decoded(_ text: String) -> [UInt8]? {
    let bytes = Array(text.utf8)
    var buffer = ByteBuffer()
    buffer.append("!")
    let isDecoded = PercentCoding.decode(bytes.span, into: &buffer)
    let result = buffer.withUnsafeBytes { Array($0.dropFirst()) }
    if !isDecoded { #expect(result.isEmpty) }
    return isDecoded ? result : nil
  }

  @Test func leavesTheUnreservedCharactersAndNoOthers() {
    let unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
    #expect(encoded(Array(unreserved.utf8)) == unreserved)
    for byte in UInt8.min...UInt8.max where !unreserved.utf8.contains(byte) {
      let digits = String(byte, radix: 16, uppercase: true)
      #expect(encoded([byte]) == "%" + (digits.count == 1 ? "0" : "") + digits)
    }
    #expect(encoded(Array("a&b=c#d%e+f é\r\n".utf8)) == "a%26b%3Dc%23d%25e%2Bf%20%C3%A9%0D%0A")
  }

  @Test func decodesWhatItEncodes() {
    var random = JSONTestRandom(for: "PercentCoding.decodesWhatItEncodes")
    for _ in 0..<2_000 {
      let bytes = (0..<random.below(40)).map { _ in UInt8(random.below(256)) }
      #expect(decoded(encoded(bytes)) == bytes)
    }
  }

  @Test(arguments: ["%", "%4", "%4g", "%g4", "ab%", "%%41", "%\u{e9}1"])
  func refusesAPercentWithoutTwoDigits(text: String) {
    #expect(decoded(text) == nil)
  }

  @Test func comparesNamesHoweverTheyAreEncoded() {
    let name = Array("api_key".utf8)
    func matches(_ text: String) -> Bool {
      PercentCoding.decodesLoosely(Array(text.utf8).span, to: name.span)
    }
    for text in ["api_key", "API_KEY", "api%5fkey", "%61pi%5Fke%79", "%41pi_key"] {
      #expect(matches(text), "\(text)")
    }
    for text in ["", "api_ke", "api_key1", "api-key", "api%5", "api%255fkey", "api%5key"] {
      #expect(!matches(text), "\(text)")
    }
  }
}
