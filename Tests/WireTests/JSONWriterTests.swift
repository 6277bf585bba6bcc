import Testing
import Wire

@Suite struct JSONWriterTests {
  private func written(_ write: (inout ByteBuffer) -> Void) -> String {
    var buffer = ByteBuffer()
    write(&buffer)
    return buffer.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
  }

  private func written(_ text: String) -> String {
    let bytes = Array(text.utf8)
    return written { JSONWriter.append(string: bytes.span, into: &$0) }
  }

  @Test func escapesWhatMustBeAndNothingElse() {
    #expect(written("") == "\"\"")
    #expect(written("plain €😀/\u{7f}\u{2028}") == "\"plain €😀/\u{7f}\u{2028}\"")
    #expect(written("\"\\\u{8}\u{c}\n\r\t") == #""\"\\\b\f\n\r\t""#)
    #expect(written("\u{0}\u{1}\u{1f}\u{b}\u{1b}") == #""\u0000\u0001\u001f\u000b\u001b""#)
    #expect(written("0123456789\n0123456\"01234567\\") == #""0123456789\n0123456\"01234567\\""#)
  }

  @Test func writesKeysAndLiterals() {
    let text = written {
      JSONWriter.append(key: "status", into: &$0)
      JSONWriter.append(literal: "ok", into: &$0)
    }
    #expect(text == #""status":"ok""#)
  }

  @Test func convertsSingleByteCharacters() {
    let bytes: [UInt8] = [0x61, 0x22, 0x80, 0x9f, 0x81, 0xa0, 0xe9, 0xff, 0x0a]
    let latin = written {
      JSONWriter.append(singleBytes: bytes.span, isWindows1252: false, into: &$0)
    }
    #expect(latin == "a\\\"\u{80}\u{9f}\u{81}\u{a0}éÿ\\n")
    let windows = written {
      JSONWriter.append(singleBytes: bytes.span, isWindows1252: true, into: &$0)
    }
    #expect(windows == "a\\\"€Ÿ\u{81}\u{a0}éÿ\\n")
  }

  @Test func whatItWritesTheScannerReadsBack() throws {
    var random = JSONTestRandom(for: "whatItWritesTheScannerReadsBack")
    for _ in 0..<5_000 {
      var text = ""
      for _ in 0..<random.below(40) {
        let bound: UInt32 = [0x20, 0x80, 0x800, 0xd800, 0x10ffff][random.below(5)]
        let scalar = UInt32.random(in: 0..<bound, using: &random)
        text.unicodeScalars.append(Unicode.Scalar(scalar) ?? "\"")
      }
      let bytes = Array(written(text).utf8)
      let slice = try JSONScanner.validate(bytes.span)
      var meaning = ByteBuffer()
      slice.unescape(from: bytes.span, into: &meaning)
      #expect(meaning.withUnsafeBytes { $0.elementsEqual(text.utf8) }, "\(text)")
    }
  }
}
