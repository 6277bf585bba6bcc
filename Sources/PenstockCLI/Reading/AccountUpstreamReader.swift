import Penstock
import Upstream

/// Reads where an account's requests may go, and how they get there.
struct AccountUpstreamReader {
  let reading: Reading

  private static let day = 86_400_000
  private static let caFileBytesMax = 4 << 20

  func baseURL(_ section: Section) -> BaseURL? {
    let example = "write it as in https://api.example.com or https://api.example.com/v1"
    guard let text = section.requiredText("base_url", help: example),
      let node = section["base_url"]
    else { return nil }
    // Accounts at one provider share the memory of its URL.
    if let known = reading.baseURLs[text] { return known }
    do {
      let url = try BaseURL(parsing: text)
      reading.baseURLs[text] = url
      return url
    } catch {
      let (message, help) = Self.wording(error)
      reading.error(node, message, help: help ?? example)
      return nil
    }
  }

  static func wording(_ fault: BaseURL.Fault) -> (message: String, help: String?) {
    switch fault {
    case .schemeNotHTTP: ("the URL must begin with https:// or http://", nil)
    case .userinfo:
      ("a URL here cannot hold a user name or password", "use `auth: {type: basic, …}`")
    case .host: ("the URL has no usable host", "a name in ASCII, an IPv4 address, or [IPv6]")
    case .port: ("the URL's port is no port", "a number from 1 to 65535")
    case .query: ("a base URL cannot hold a query", "use `auth: {type: query, …}` for a key")
    case .fragment: ("a base URL cannot hold a fragment", "remove `#` and what follows")
    case .dotSegment:
      ("the URL's path holds an empty, `.` or `..` segment", "write the path that it stands for")
    case .character: ("the URL holds a character that URLs cannot", "percent-encode it")
    }
  }

  func allowedHosts(_ section: Section) -> [HostRule] {
    section.items("allowed_hosts").compactMap { item in
      guard let text = reading.text(item) else { return nil }
      if let rule = HostRule(parsing: text) { return rule }
      reading.error(
        item, "this is no host",
        help: "write host, host:port, *.name or *; with http:// before it for plain HTTP")
      return nil
    }
  }

  /// The whole file is read, for one that does not parse would fail each request instead.
  func caFile(_ section: Section) -> String? {
    guard let text = section.text("ca_file"), let node = section["ca_file"] else { return nil }
    let path = node.source.resolved(text)
    do {
      let contents = try BoundedFile.read(path, bytesMax: Self.caFileBytesMax)
      if contents.text.contains("-----BEGIN CERTIFICATE-----") { return path }
      reading.error(
        node, "`\(path)` holds no certificate", help: "certificates in PEM form belong there")
    } catch {
      reading.error(
        node, "`\(path)` \(error.reason)", help: "the path is taken from the folder of this file")
    }
    return nil
  }

  func proxy(_ section: Section) -> String? {
    guard let text = section.text("proxy"), let node = section["proxy"] else { return nil }
    let help = "write http://host:port or socks5://host:port"
    let parts = text.split(separator: "://", maxSplits: 1, omittingEmptySubsequences: false)
    let scheme = parts[0].lowercased()
    if scheme == "https" {
      reading.error(node, "a proxy cannot be dialled over TLS", help: help)
      return nil
    }
    guard parts.count == 2, scheme == "http" || scheme == "socks5",
      let base = try? BaseURL(parsing: "http://" + parts[1]), base.path.isEmpty,
      parts[1].dropLast(parts[1].hasSuffix("/") ? 1 : 0).last?.isNumber == true,
      parts[1].lastIndex(of: ":") ?? parts[1].startIndex
        > parts[1].lastIndex(of: "]") ?? parts[1].startIndex
    else {
      reading.error(node, "this is no proxy", help: help)
      return nil
    }
    let host = base.host.contains(":") ? "[\(base.host)]" : base.host
    return "\(scheme)://\(host):\(base.port)"
  }

  func allowPrivate(_ section: Section) -> AllowPrivate {
    guard let node = section["allow_private"] else { return .no }
    if case .list = node.content { return .blocks(blocks(section, "allow_private")) }
    guard let text = reading.text(node) else { return .no }
    if let flag = ScalarFormat.flag(text) { return flag ? .yes : .no }
    if AddressBlock(parsing: text) != nil { return .blocks(blocks(section, "allow_private")) }
    reading.error(node, "this is no address block", help: "write true, false or CIDRs")
    return .no
  }

  /// Any list of CIDRs.
  func blocks(_ section: Section, _ key: String) -> [AddressBlock] {
    section.items(key).compactMap { item in
      guard let text = reading.text(item) else { return nil }
      if let block = AddressBlock(parsing: text) { return block }
      reading.error(
        item, "this is no address block", help: "write it as in 10.0.0.0/8 or fd00::/8")
      return nil
    }
  }

  func timeouts(_ section: Section) -> AccountTimeouts {
    var result = AccountTimeouts()
    guard let given = section.section("timeouts", keys: Keys.accountTimeouts) else { return result }
    result.connectMilliseconds = given.milliseconds(
      "connect", result.connectMilliseconds, in: 1...Self.day)
    result.firstByteMilliseconds = given.milliseconds(
      "first_byte", result.firstByteMilliseconds, in: 1...Self.day)
    result.idleMilliseconds = given.milliseconds("idle", result.idleMilliseconds, in: 1...Self.day)
    result.totalMilliseconds = given.milliseconds(
      "total", result.totalMilliseconds, in: 0...Self.day)
    return result
  }

  func pool(_ section: Section) -> PoolLimits {
    var result = PoolLimits()
    guard let given = section.section("pool", keys: Keys.pool) else { return result }
    result.idle = given.count("idle", result.idle, in: 0...100_000)
    result.connections = given.count("connections", result.connections, in: 0...100_000)
    result.idleTimeoutMilliseconds = given.milliseconds(
      "idle_timeout", result.idleTimeoutMilliseconds, in: 1...Self.day)
    result.lifetimeMilliseconds = given.milliseconds(
      "lifetime", result.lifetimeMilliseconds, in: 1...Self.day)
    return result
  }
}
