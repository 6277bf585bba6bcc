import EventLoop
import Testing
import Wire

@testable import Upstream

@Suite struct ResponseReaderTests {
  private struct Outcome: Equatable {
    var events: [String]
    var body = ""
    var failure: UpstreamFailure.Kind?
    var isReusable = false
  }

  /// Reads `pieces`, one a read, and then the end of the input where there is one.
  private func read(
    _ pieces: [String], isToHead: Bool = false, ends: Bool = false
  ) -> Outcome {
    let exchange = RecordingExchange()
    var reader = ResponseReader()
    reader.reset(isToHead: isToHead)
    var input = ByteBuffer()
    var failure: UpstreamFailure?
    for piece in pieces where failure == nil {
      input.append(Array(piece.utf8))
      failure = reader.process(&input, .forTests(), exchange)
    }
    var kind = failure?.kind
    if ends, kind == nil, !exchange.isEnded {
      if reader.onInputEnded() { exchange.onResponseEnded() } else { kind = reader.kindOfEnd }
    }
    return Outcome(
      events: exchange.events, body: exchange.body, failure: kind, isReusable: reader.isReusable)
  }

  /// A message read whole, byte by byte, and cut in two at every place.
  private func readInEveryWay(
    _ text: String, isToHead: Bool = false, ends: Bool = false, _ expected: Outcome,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let bytes = text.unicodeScalars.map(String.init)
    var ways = [[text], bytes]
    for cut in 1..<max(2, bytes.count) {
      ways.append([bytes[..<cut].joined(), bytes[cut...].joined()])
    }
    for way in ways {
      let outcome = read(way, isToHead: isToHead, ends: ends)
      #expect(outcome == expected, "cut as \(way)", sourceLocation: sourceLocation)
    }
  }

  // MARK: Whole responses

  @Test func `a response with a length is whole with its last byte`() {
    readInEveryWay(
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
      Outcome(events: ["head 200 length(5)", "ended"], body: "hello", isReusable: true))
  }

  @Test func `a chunked response is whole with its last chunk`() {
    readInEveryWay(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n",
      Outcome(events: ["head 200 chunked", "ended"], body: "hello", isReusable: true))
  }

  @Test func `without framing the end of the connection is the end`() {
    readInEveryWay(
      "HTTP/1.1 200 OK\r\n\r\nhello", ends: true,
      Outcome(events: ["head 200 untilClose", "ended"], body: "hello"))
    #expect(read(["HTTP/1.1 200 OK\r\n\r\nhello"]).events == ["head 200 untilClose"])
  }

  @Test(arguments: ["204 No Content", "304 Not Modified"])
  func `some statuses have no body`(status: String) {
    let outcome = read(["HTTP/1.1 \(status)\r\nContent-Length: 5\r\n\r\n"])
    #expect(outcome.events == ["head \(status.prefix(3)) none", "ended"])
    #expect(outcome.isReusable)
  }

  @Test func `the answer to HEAD has no body, whatever its length says`() {
    readInEveryWay(
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", isToHead: true,
      Outcome(events: ["head 200 none", "ended"], isReusable: true))
  }

  // MARK: Interim responses

  @Test func `interim responses are between the upstream and this proxy`() {
    readInEveryWay(
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
        + "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
      Outcome(events: ["head 200 length(2)", "ended"], body: "ok", isReusable: true))
  }

  @Test func `there may be as many as the limit, and no more`() {
    let interim = "HTTP/1.1 103 Early Hints\r\n\r\n"
    let final = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    let most = String(repeating: interim, count: 32)
    #expect(read([most + final]).events == ["head 200 length(0)", "ended"])
    #expect(read([most + interim + final]).failure == .tooManyInterimResponses)
    #expect(read([most + interim + final]).events == [])
  }

  @Test func `a change of protocol that nobody asked for is a failure`() {
    #expect(
      read(["HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"])
        == Outcome(events: [], failure: .unexpectedUpgrade))
  }

  // MARK: The connection afterwards

  @Test(arguments: [
    ("HTTP/1.1", "X-A: b", true), ("HTTP/1.1", "Connection: close", false),
    ("HTTP/1.1", "Connection: x, Close", false), ("HTTP/1.0", "X-A: b", false),
    ("HTTP/1.0", "Connection: keep-alive", true),
    ("HTTP/1.0", "Connection: keep-alive, close", false),
  ])
  func `a connection is used again where both sides agree`(
    version: String, field: String, isReusable: Bool
  ) {
    let outcome = read(["\(version) 200 OK\r\n\(field)\r\nContent-Length: 2\r\n\r\nok"])
    #expect(outcome.events.last == "ended")
    #expect(outcome.isReusable == isReusable)
  }

  @Test(arguments: [
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokX",
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n\r\n",
    "HTTP/1.1 204 No Content\r\n\r\nX",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nX",
  ])
  func `bytes behind the end go nowhere, and the connection is not used again`(text: String) {
    let outcome = read([text])
    #expect(outcome.events.count == 2 && outcome.events.last == "ended")
    #expect(outcome.body == "ok" || outcome.body == "")
    #expect(outcome.failure == nil)
    #expect(!outcome.isReusable)
  }

  @Test func `a response that is not whole leaves nothing to use again`() {
    #expect(!read(["HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel"]).isReusable)
    #expect(!read(["HTTP/1.1 200 OK\r\nContent-Le"]).isReusable)
    #expect(!read([]).isReusable)
  }

  // MARK: Ends before the end

  @Test(
    arguments: [
      ("", .closed), ("HTTP/1.1 2", .closed), ("HTTP/1.1 200 OK\r", .closed),
      ("HTTP/1.1 200 OK\r\n", .truncatedHead),
      ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r", .truncatedHead),
      ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", .truncatedBody),
      ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no", .truncatedBody),
      ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n", .truncatedBody),
      ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n", .truncatedBody),
      ("HTTP/1.1 100 Continue\r\n\r\n", .closed),
    ] as [(String, UpstreamFailure.Kind)])
  func `an end is named by where it came`(text: String, kind: UpstreamFailure.Kind) {
    #expect(read([text], ends: true).failure == kind)
    #expect(read(text.unicodeScalars.map(String.init), ends: true).failure == kind)
  }

  // MARK: What is not HTTP

  @Test(arguments: [
    "SSH-2.0-OpenSSH_9.2\r\n", "220 mail ESMTP\r\n", "<html>", "HTTP/9.9 200 OK\r\n\r\n",
    "HTTP/1.1 99 X\r\n\r\n", "HTTP/1.1 600 X\r\n\r\n", "HTTP/1.1 2xx X\r\n\r\n",
    "HTTP/1.1 200X\r\n\r\n", "HTTP/1.1 200 OK\n\n", "HTTP/1.1 200 OK\r\nNoColon\r\n\r\n",
    "HTTP/1.1 200 OK\r\nA : b\r\n\r\n", "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 3, 3\r\n\r\nabc",
    "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
    "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
  ])
  func `a head in doubt is a failure, and nothing of it is told`(text: String) {
    #expect(read([text]) == Outcome(events: [], failure: .protocolError))
  }

  @Test(arguments: ["zz\r\n", "0x3\r\n", "-1\r\n", "FFFFFFFFFFFFFFFFF\r\n", "3\r\nabcX", "3\nabc"])
  func `a broken chunk is a failure in the body`(chunks: String) {
    let outcome = read(["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\(chunks)"])
    #expect(outcome.failure == .protocolError)
    #expect(outcome.events == ["head 200 chunked"])
  }

  @Test func `a head over a limit is too large`() {
    let line = "X-A: \(String(repeating: "b", count: 1000))\r\n"
    let long = "HTTP/1.1 200 OK\r\n" + String(repeating: line, count: 70)
    #expect(read([long]).failure == .headTooLarge)
    let many = "HTTP/1.1 200 OK\r\n" + String(repeating: "A: b\r\n", count: 257)
    #expect(read([many]).failure == .headTooLarge)
  }
}
