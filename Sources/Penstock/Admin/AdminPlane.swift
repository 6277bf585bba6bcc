import EventLoop
import Telemetry
import Wire

/// What operators and scrapers see: metrics, health, the status page and the description of the
/// execute endpoint, on a listener of their own.
///
/// A browser can be made to send requests to loopback, so only GET and HEAD are served, only for
/// known hosts, and nothing that a foreign page asks for.
enum AdminPlane {
  static func serve(_ exchange: Exchange, _ bytes: Span<UInt8>, _ plane: Plane) {
    let method = bytes[exchange.head.method]
    guard method.equals("GET") || method.equals("HEAD") else {
      exchange.answerMethodNotAllowed("GET, HEAD")
      return
    }
    if plane == .admin, !isTrusted(exchange.head, bytes) {
      exchange.answer(.notFound)
      return
    }
    let target = bytes[exchange.head.target]
    let path = target.extracting(0..<(target.index(of: 0x3f, from: 0) ?? target.count))
    if path.equals("/metrics") {
      serveMetrics(exchange, bytes)
    } else if path.equals("/status"), plane == .admin {
      serveStatus(exchange)
    } else if path.equals("/status.json"), plane == .admin {
      serveStatusDocument(exchange)
    } else if path.equals("/openapi.json"), plane == .admin {
      serveDocument(exchange)
    } else if path.equals("/healthz") {
      exchange.answerHealth(isReady: true)
    } else if path.equals("/readyz") {
      exchange.answerHealth(isReady: !exchange.worker.isDraining)
    } else {
      exchange.answer(.notFound)
    }
  }

  private static func serveMetrics(_ exchange: Exchange, _ bytes: Span<UInt8>) {
    let shared = exchange.worker.shared
    let format = AcceptedFormats(exchange.head, bytes)
      .preferred(hasProtobuf: shared.configuration.metrics.nativeHistograms)
    write(for: exchange, format.contentType, "") {
      MetricsPage.written(format, shards: shared.shards, names: shared.metricNames)
    }
  }

  private static func serveStatus(_ exchange: Exchange) {
    var page = ByteBuffer()
    StatusPage.append(into: &page)
    var fields = ByteBuffer()
    StatusPage.appendFields(into: &fields)
    exchange.answer(200, "text/html; charset=utf-8", body: page, fields: fields, closes: false)
  }

  private static func serveStatusDocument(_ exchange: Exchange) {
    let shared = exchange.worker.shared
    let isDraining = exchange.worker.isDraining
    write(for: exchange, "application/json", statusFields) {
      StatusDocument.written(shared, isDraining: isDraining)
    }
  }

  private static let statusFields: StaticString = """
    Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r
    X-Content-Type-Options: nosniff\r
    Cache-Control: no-store\r

    """

  /// On a helper thread: to sum and write the figures of a thousand accounts takes longer than a
  /// turn may.
  private static func write(
    for exchange: Exchange, _ contentType: StaticString, _ fields: StaticString,
    _ body: @escaping @Sendable () -> ByteBuffer
  ) {
    let task = AwaitedTask(exchange)
    exchange.awaitedTask = task
    let remote = exchange.worker.remote
    exchange.worker.shared.scrapes.submit {
      guard task.isWanted else { return }
      let page = WrittenPage()
      page.bytes = body()
      remote.post { task.exchange?.onWritten(page, contentType, fields) }
    }
  }

  private static func serveDocument(_ exchange: Exchange) {
    var document = ByteBuffer()
    OpenAPIDocument.write(into: &document)
    var fields = ByteBuffer()
    fields.append(protection)
    exchange.answer(200, "application/json", body: document, fields: fields, closes: false)
  }

  /// Whatever a browser takes an answer for, it runs nothing of it and shows it in no frame.
  private static let protection: StaticString = """
    Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r
    X-Content-Type-Options: nosniff\r

    """

  /// Names of this machine's own loopback and literal addresses, so that no name that an attacker
  /// points here is served; and nothing that comes from another origin's page.
  private static func isTrusted(_ head: borrowing RequestHead, _ bytes: Span<UInt8>) -> Bool {
    var index = 0
    while index < head.fields.count {
      let field = head.fields[index]
      index &+= 1
      let value = bytes[field.value]
      switch field.known {
      case .host: if !isKnownHost(value) { return false }
      case .origin: return false
      case .secFetchSite:
        if !value.equals("none"), !value.equals("same-origin") { return false }
      default: break
      }
    }
    return true
  }

  private static func isKnownHost(_ value: Span<UInt8>) -> Bool {
    let (name, _) = HostValue.split(value)
    let host = value[name]
    if host.equalsIgnoringCase("localhost") || host.isEmpty || host[0] == 0x5b { return true }
    var index = 0
    while index < host.count {
      if !ByteClass.isDigit(host[index]), host[index] != 0x2e { return false }
      index &+= 1
    }
    return true
  }
}

/// A page on its way from the thread that writes it.
// Sendable: whoever has it is alone with it; the queues in between order one behind the other.
private final class WrittenPage: @unchecked Sendable {
  var bytes = ByteBuffer()
}

extension Exchange {
  fileprivate func onWritten(
    _ page: WrittenPage, _ contentType: StaticString, _ fields: StaticString
  ) {
    leaveTask()
    guard state.response == .awaited else { return }
    var extra = ByteBuffer()
    extra.append(fields)
    answer(200, contentType, body: page.bytes, fields: extra, closes: false)
    client?.mark()
  }
}
