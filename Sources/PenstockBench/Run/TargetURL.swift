/// A URL to load, taken apart. What is sent is what was typed: nothing is normalised.
struct TargetURL: Equatable, Sendable {
  let isTLS: Bool
  /// Without the brackets of an IPv6 literal.
  let host: String
  let port: UInt16
  /// The request's target: path and query, at least `/`.
  let target: String
  /// What the Host field says (RFC 9110 §7.2).
  let authority: String

  init(parsing text: String) throws(RunFault) {
    let rest: Substring
    if text.hasPrefix("http://") {
      isTLS = false
      rest = text.dropFirst(7)
    } else if text.hasPrefix("https://") {
      isTLS = true
      rest = text.dropFirst(8)
    } else {
      throw RunFault("`\(text)` is not a URL that begins with http:// or https://")
    }
    let end = rest.firstIndex { $0 == "/" || $0 == "?" || $0 == "#" } ?? rest.endIndex
    let place = rest[..<end]
    if place.contains("@") {
      throw RunFault("credentials do not belong into a URL: use -H 'Authorization: …'")
    }
    (host, port) = try Self.hostAndPort(place, defaultPort: isTLS ? 443 : 80)
    authority = String(place)
    let path = rest[end...].prefix { $0 != "#" }
    target = path.hasPrefix("/") ? String(path) : "/" + path
    guard target.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
      throw RunFault("`\(target)` holds a byte that must be percent-encoded in a URL")
    }
  }

  private static func hostAndPort(
    _ place: Substring, defaultPort: UInt16
  ) throws(RunFault) -> (String, UInt16) {
    var host = place
    var port = defaultPort
    let bracket = place.lastIndex(of: "]") ?? place.startIndex
    if let colon = place[bracket...].lastIndex(of: ":") {
      guard let number = UInt16(place[place.index(after: colon)...]), number > 0 else {
        throw RunFault("`\(place)` has no port of 1 to 65535 behind its colon")
      }
      port = number
      host = place[..<colon]
    }
    if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
    guard !host.isEmpty, host.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
      throw RunFault("`\(place)` is not a host with a port or without one")
    }
    return (String(host), port)
  }
}
