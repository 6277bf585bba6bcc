import Testing
import Wire

@testable import PenstockBench

@Suite struct AnswerReaderTests {
  /// Feeds an answer in pieces of this size; what came of it, and whether the connection stays.
  private func read(
    _ text: String, piece: Int, isToHead: Bool = false, endsInput: Bool = false
  ) -> (AnswerReader.Progress, keepsAlive: Bool, payload: Int) {
    let tally = ThreadTally(targets: 1, isOpenLoop: false)
    var reader = AnswerReader()
    reader.reset(isToHead: isToHead, countsEvents: false)
    var input = ByteBuffer()
    let bytes = Array(text.utf8)
    var progress = AnswerReader.Progress.needsMore
    var position = 0
    while position < bytes.count, progress == .needsMore {
      let end = min(position + piece, bytes.count)
      input.append(Array(bytes[position..<end]))
      position = end
      progress = reader.process(&input, tally)
    }
    if endsInput, progress == .needsMore {
      progress = reader.onInputEnded().map { .failed($0) } ?? .ended
    }
    return (progress, reader.keepsAlive, reader.payloadBytes)
  }

  @Test(arguments: [1, 3, 1000])
  func `every framing ends where it should`(piece: Int) {
    let head = "HTTP/1.1 200 OK\r\n"
    let length = read(head + "Content-Length: 5\r\n\r\nhello", piece: piece)
    #expect(length == (.ended, true, 5))
    let chunked = read(
      head + "Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\nX: y\r\n\r\n",
      piece: piece)
    #expect(chunked == (.ended, true, 5))
    let close = read(head + "\r\nhello", piece: piece, endsInput: true)
    #expect(close == (.ended, false, 5))
    let toHead = read(head + "Content-Length: 5\r\n\r\n", piece: piece, isToHead: true)
    #expect(toHead == (.ended, true, 0))
    for status in ["204 No Content", "304 Not Modified"] {
      #expect(read("HTTP/1.1 \(status)\r\n\r\n", piece: piece) == (.ended, true, 0))
    }
    let interim = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
    #expect(read(interim + head + "Content-Length: 0\r\n\r\n", piece: piece) == (.ended, true, 0))
  }

  @Test func `who says that it closes is believed`() {
    let closing = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
    #expect(!read(closing, piece: 1000).keepsAlive)
    #expect(!read("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", piece: 1000).keepsAlive)
  }

  @Test func `broken answers fail`() {
    let broken = [
      "SSH-2.0-x\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab", "HTTP/1.1 101 X\r\n\r\n",
    ]
    for text in broken {
      let (progress, _, _) = read(text, piece: 1000)
      #expect(progress != .needsMore && progress != .ended, "\(text)")
    }
    for text in ["", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na"] {
      let (progress, _, _) = read(text, piece: 1000, endsInput: true)
      #expect(progress != .needsMore && progress != .ended, "\(text)")
    }
  }

  @Test(arguments: [1, 2, 1000])
  func `events end at empty lines, however they come`(piece: Int) {
    let text = Array("data: a\n\ndata: b\r\n\r\n\n\n: c\rdata: d\r\rdata: e\n".utf8)
    var scanner = EventScanner()
    var count = 0
    for start in stride(from: 0, to: text.count, by: piece) {
      count += scanner.countEvents(in: Array(text[start..<min(start + piece, text.count)]).span)
    }
    #expect(count == 3)
  }

  @Test func `URLs are taken apart as they stand`() throws {
    let url = try TargetURL(parsing: "https://[::1]:8443/a%2Fb?c=/d#e")
    #expect(url.host == "::1" && url.port == 8443 && url.isTLS)
    #expect(url.target == "/a%2Fb?c=/d" && url.authority == "[::1]:8443")
    #expect(try TargetURL(parsing: "http://h?x").target == "/?x")
    #expect(try TargetURL(parsing: "http://h").port == 80)
    for text in [
      "h", "ftp://h", "http://", "http://u:p@h", "http://h:0", "http://h:x", "http://h/ ",
    ] {
      #expect(throws: RunFault.self, "\(text)") { try TargetURL(parsing: text) }
    }
  }

  @Test func `requests say what their bodies need`() {
    let template = RequestTemplate(
      method: "POST", fields: [RequestField(name: "host", value: "x")], body: Array("ab".utf8))
    let text = String(decoding: template.bytes(target: "/", authority: "h"), as: UTF8.self)
    #expect(text.hasPrefix("POST / HTTP/1.1\r\n") && text.hasSuffix("\r\n\r\nab"))
    #expect(text.contains("Content-Length: 2\r\n") && !text.contains("Host: h"))
  }
}
