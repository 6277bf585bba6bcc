import Testing
import Wire

@testable import Penstock

private let id = "00112233445566778899aabbccddeeff"
private let key = SigningKey(of: Array("signing-key-of-the-tests".utf8).span)
private let message = "/files/\(id)?expires=1800000000"
private let signature = "c48519e1f0bde03ae5a7e6a3219b3b6b6a8728611373631a29027168943557c7"

/// The forms of names, links and files, which outlive the process that wrote them, and all that is
/// none. What can be read back is in FilesTests.
@Suite struct FileNamesTests {
  private func read(_ text: String) -> FileID? { FileID(Array(text.utf8).span) }

  private func link(_ target: String, _ keys: [SigningKey] = [key]) -> FileLink? {
    FileLink(Array(target.utf8).span, keys: keys)
  }

  private func signed(by key: SigningKey, expires: Int = 1_800_000_000) throws -> String {
    var out = ByteBuffer()
    FileLink(id: try #require(read(id)), expiresUnixSeconds: expires)
      .append(signedBy: key, into: &out)
    return text(out.span)
  }

  // MARK: Names

  @Test func `a name says what it is of`() throws {
    let id = try #require(read(id))
    let whole = StoredName.whole(id, expiresUnixSeconds: 1_800_000_000)
    #expect(whole == "00112233445566778899aabbccddeeff-1800000000")
    #expect(StoredName(whole) == .whole(expiresUnixSeconds: 1_800_000_000))
    #expect(StoredName(StoredName.part(id)) == .part)
  }

  @Test(arguments: [
    "", ".", "..", "lost+found", "id-1800000000", "\(id)", "\(id).", "\(id).1800000000",
    "\(id)-", "\(id)--1", "\(id)-1e9", "\(id)-123456789012", "\(id).part2", "\(id).PART",
    "\(id)-1800000000.part", "x\(id).part", ".\(id).part",
  ])
  func `nothing else is touched`(name: String) {
    #expect(StoredName(name) == nil)
  }

  // MARK: Links

  @Test func `a link is signed as it always was`() throws {
    #expect(try signed(by: key) == "\(message)&signature=\(signature)")
  }

  @Test(arguments: [
    "/files/", "/files/\(id)", "/files/\(id)?", message, "\(message)&signature=",
    "/files/\(id)?signature=\(signature)", "\(message)&signature=\(signature)&x=1",
    "\(message)&signature=\(signature)a", "\(message)&signature=\(signature.dropLast())",
    "\(message)&signature=\(signature.uppercased())",
    "/files/\(id)?x=1&expires=1800000000&signature=\(signature)",
    "\(message)&x=1&signature=\(signature)",
    "/files/\(id)?signature=\(signature)&expires=1800000000",
    "/files/\(id)?expires=01800000000&signature=\(signature)",
    "/files/\(id)?expires=+1800000000&signature=\(signature)",
    "/files/\(id)?expires=&signature=\(signature)",
    "/files/\(id)?Expires=1800000000&Signature=\(signature)",
    "/files//\(id)?expires=1800000000&signature=\(signature)",
    "/files/\(id)/?expires=1800000000&signature=\(signature)",
    "/files/\(id.uppercased())?expires=1800000000&signature=\(signature)",
    "/file/\(id)?expires=1800000000&signature=\(signature)",
    "/files/../../../../../../../../etc/passwd?expires=1800000000&signature=\(signature)",
  ])
  func `nothing else is a link`(target: String) {
    #expect(link(target) == nil)
  }

  @Test func `random keys are never the same`() throws {
    let (one, another) = (try SigningKey.random(), try SigningKey.random())
    #expect(link(try signed(by: one), [one]) != nil)
    #expect(link(try signed(by: one), [another]) == nil)
  }

  // MARK: What stands in front of the content

  @Test func `a header is written as it always was, and read so`() {
    let header = FileHeader(size: 12_345, contentType: Array("a/b".utf8))
    let text = String(decoding: header.encoded, as: UTF8.self)
    #expect(text == "penstock file 1\n12345\na/b" + String(repeating: "\n", count: 487))
    for size in [0, 1, 1 << 40] {
      for type in ["", "text/plain; charset=utf-8", String(repeating: "x", count: 255)] {
        let made = FileHeader(size: size, contentType: Array(type.utf8))
        #expect(made.encoded.count == FileHeader.bytes)
        #expect(FileHeader(made.encoded) == made)
      }
    }
  }

  @Test func `a header that is cut or changed is none`() {
    let bytes = FileHeader(size: 12_345, contentType: Array("a/b".utf8)).encoded
    for count in 0..<bytes.count { #expect(FileHeader(Array(bytes[..<count])) == nil) }
    for index in 0..<21 {
      var changed = bytes
      changed[index] = 0x21
      #expect(FileHeader(changed) == nil, "\(index)")
    }
    #expect(FileHeader([UInt8](repeating: 0, count: 512)) == nil)
    #expect(FileHeader([UInt8](repeating: 0x0a, count: 512)) == nil)
  }

  // MARK: Content types

  @Test(arguments: [
    "application/pdf", "image/png", "Application/PDF", "text/plain; charset=utf-8",
    "text/csv;header=present", "application/zip; name=\"a b.zip\"", "application/vnd.ms-excel",
  ])
  func `a type that does nothing is kept and served`(type: String) {
    #expect(ServedType.canBeKept(Array(type.utf8)))
    #expect(ServedType.of(Array(type.utf8)) == Array(type.utf8))
  }

  @Test(arguments: [
    "text/html", "TEXT/HTML; charset=utf-8", "application/xhtml+xml", "image/svg+xml",
    "text/xml", "application/xml", "application/atom+xml", "text/javascript",
    "application/javascript", "application/x-javascript", "application/ecmascript",
    "multipart/x-mixed-replace; boundary=a", "message/rfc822", "text/xsl",
  ])
  func `a type that a browser would run is kept, and served as bytes`(type: String) {
    #expect(ServedType.canBeKept(Array(type.utf8)))
    #expect(ServedType.of(Array(type.utf8)) == Array("application/octet-stream".utf8))
  }

  @Test(arguments: [
    "", " ", "html", "text/", "/html", "text/plain\r\nX: y", "text/plain\n", "text/plain\u{0}",
    "text/plain; charset=ü", "text/plain; x=\"ü\"", "text/plain; charset=\"utf-8",
    "text/plain, text/html", "text /plain", "a/" + String(repeating: "b", count: 254),
  ])
  func `what is no type is not kept`(type: String) {
    #expect(!ServedType.canBeKept(Array(type.utf8)))
    #expect(ServedType.of(Array(type.utf8)) == Array("application/octet-stream".utf8))
  }
}
