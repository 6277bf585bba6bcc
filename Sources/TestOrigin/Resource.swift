import Wire

/// What the origin has at a path.
enum Resource: Equatable {
  case index, echo, json, text, png, upload
  /// So many events, one each interval.
  case stream(events: Int, intervalMilliseconds: Int)
  /// So many bytes of the pattern, with a length or chunked.
  case bytes(Int)
  case chunked(Int)
  /// An answer of this status, 200 to 599.
  case status(Int)
  /// An answer after this time.
  case slow(milliseconds: Int)
  case unknown

  private static let eventsMax = 1_000_000
  private static let millisecondsMax = 3_600_000

  init(target: Span<UInt8>) {
    let pathEnd = target.index(of: 0x3f, from: 0) ?? target.count
    let path = target.extracting(0..<pathEnd)
    let query = target.extracting(min(pathEnd + 1, target.count)..<target.count)
    self = Self.fixed(path) ?? Self.numbered(path) ?? Self.timed(path, query) ?? .unknown
  }

  private static func fixed(_ path: Span<UInt8>) -> Resource? {
    if path.equals("/") { return .index }
    if path.equals("/echo") || path.starts(with: "/echo/") { return .echo }
    if path.equals("/json") { return .json }
    if path.equals("/text") { return .text }
    if path.equals("/png") { return .png }
    if path.equals("/upload") { return .upload }
    return nil
  }

  private static func numbered(_ path: Span<UInt8>) -> Resource? {
    if let count = number(path, behind: "/bytes/") { return .bytes(count) }
    if let count = number(path, behind: "/chunked/") { return .chunked(count) }
    guard let code = number(path, behind: "/status/"), (200...599).contains(code) else {
      return nil
    }
    return .status(code)
  }

  private static func timed(_ path: Span<UInt8>, _ query: Span<UInt8>) -> Resource? {
    if path.equals("/stream") {
      let events = parameter("events=", of: query) ?? 10
      let interval = parameter("interval_ms=", of: query) ?? 1000
      return .stream(
        events: min(events, eventsMax), intervalMilliseconds: min(interval, millisecondsMax))
    }
    if path.equals("/slow") {
      return .slow(milliseconds: min(parameter("ms=", of: query) ?? 1000, millisecondsMax))
    }
    return nil
  }

  private static func number(_ path: Span<UInt8>, behind prefix: StaticString) -> Int? {
    if !path.starts(with: prefix) { return nil }
    return Framing.decimal(path.extracting(prefix.utf8CodeUnitCount..<path.count))
  }

  /// The number behind `name`, which ends in `=`.
  private static func parameter(_ name: StaticString, of query: Span<UInt8>) -> Int? {
    var start = 0
    while start < query.count {
      let end = query.index(of: 0x26, from: start) ?? query.count
      if let value = number(query.extracting(start..<end), behind: name) { return value }
      start = end + 1
    }
    return nil
  }
}
