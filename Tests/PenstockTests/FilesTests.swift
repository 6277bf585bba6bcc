import Testing
import Wire

@testable import Penstock

/// The parts of the file store that can be asked without a disk.
@Suite struct FilesTests {
  private static let key = SigningKey(of: Array("a-key-of-the-tests".utf8).span)
  private static let other = SigningKey(of: Array("another-key-of-them".utf8).span)

  private func written(_ link: FileLink, _ key: SigningKey = key) -> [UInt8] {
    var target = ByteBuffer()
    link.append(signedBy: key, into: &target)
    return target.withUnsafeBytes { Array($0) }
  }

  // MARK: Links

  @Test func `a link is read as it was written, by any of the keys`() throws {
    let id = try #require(FileID())
    let link = FileLink(id: id, expiresUnixSeconds: 1_900_000_000)
    let target = written(link)
    #expect(FileLink(target.span, keys: [Self.key]) == link)
    #expect(FileLink(target.span, keys: [Self.other, Self.key]) == link)
    #expect(FileLink(target.span, keys: [Self.other]) == nil)
    #expect(FileLink(target.span, keys: []) == nil)
  }

  @Test func `no byte of a link can be changed, left out or added`() throws {
    let link = FileLink(id: try #require(FileID()), expiresUnixSeconds: 1_900_000_000)
    let target = written(link)
    for index in target.indices {
      for byte in [target[index] ^ 1, target[index] ^ 0x20, 0x30, 0x2f, 0x26] as [UInt8] {
        var changed = target
        changed[index] = byte
        if changed != target { #expect(FileLink(changed.span, keys: [Self.key]) == nil) }
      }
      var shorter = target
      shorter.remove(at: index)
      if shorter != target { #expect(FileLink(shorter.span, keys: [Self.key]) == nil) }
      var longer = target
      longer.insert(0x30, at: index)
      #expect(FileLink(longer.span, keys: [Self.key]) == nil)
    }
  }

  @Test func `two ids are never the same, and no other text is one`() throws {
    let first = try #require(FileID())
    let second = try #require(FileID())
    #expect(first != second && first.text.count == 32)
    #expect(FileID(first.text.span) == first)
    for text in [
      "", "0123456789abcdef0123456789abcde", "0123456789ABCDEF0123456789abcdef",
      "0123456789abcdef0123456789abcdeg", "../../../../../../../../etc/passw",
    ] {
      #expect(FileID(Array(text.utf8).span) == nil)
    }
  }

  // MARK: On disk

  @Test(arguments: [0, 1, 1 << 40]) func `a header is read as it was written`(size: Int) {
    for type in ["", "image/png", String(repeating: "x", count: 255)] {
      let header = FileHeader(size: size, contentType: Array(type.utf8))
      #expect(header.encoded.count == FileHeader.bytes)
      #expect(FileHeader(header.encoded) == header)
    }
    #expect(FileHeader([UInt8](repeating: 0x0a, count: FileHeader.bytes)) == nil)
    #expect(FileHeader([]) == nil)
  }

  @Test func `a name says what a file is`() {
    let id = "0123456789abcdef0123456789abcdef"
    #expect(StoredName(id + ".part") == .part)
    #expect(StoredName(id + "-1900000000") == .whole(expiresUnixSeconds: 1_900_000_000))
    for name in [
      "", ".", "..", id, id + "-", id + "-1x", id + ".parts", id + "-123456789012",
      "x" + id + ".part",
    ] {
      #expect(StoredName(name) == nil)
    }
  }

  // MARK: Ranges

  @Test(arguments: [
    ("bytes=0-0", 10, 0..<1), ("bytes=5-", 10, 5..<10), ("bytes=-3", 10, 7..<10),
    ("bytes=0-99", 10, 0..<10), ("bytes=-99", 10, 0..<10), ("BYTES=9-9", 10, 9..<10),
    ("bytes=9-9223372036854775807", 10, 9..<10),
  ])
  func `a range is a part of the file`(text: String, size: Int, part: Range<Int>) {
    #expect(ByteRange(Array(text.utf8).span)?.outcome(ofSize: size) == .part(part))
  }

  @Test(arguments: ["bytes=10-", "bytes=10-20", "bytes=-0", "bytes=9223372036854775807-"])
  func `a range behind the end is unsatisfiable`(text: String) {
    #expect(ByteRange(Array(text.utf8).span)?.outcome(ofSize: 10) == .unsatisfiable)
  }

  @Test(arguments: [
    "", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=2-1", "bytes=0-0,2-3", "items=0-1",
    "bytes=0-0 ", "bytes= 0-0", "bytes=99999999999999999999-", "bytes=--1",
  ])
  func `what is no single range is none`(text: String) {
    #expect(ByteRange(Array(text.utf8).span) == nil)
  }
}
