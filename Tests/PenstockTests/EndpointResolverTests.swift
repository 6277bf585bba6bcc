import Testing
import Upstream
import Wire

@testable import Penstock

@Suite struct EndpointResolverTests {
  /// Where an endpoint leads, as text.
  private enum Outcome: Equatable, CustomStringConvertible {
    case to(String, target: String)
    case refused(PenstockError)

    var description: String {
      switch self {
      case .to(let place, let target): "\(place) \(target)"
      case .refused(let error): "\(error)"
      }
    }
  }

  private static func good() throws -> Account {
    try Account.at(
      "https://good.com/base/v1", allowedHosts: ["up.good.com", "http://plain.com:8080"])
  }

  /// Reaches every public host, so that only the form of an endpoint can refuse it.
  private static func anywhere() throws -> Account {
    try Account.at("https://good.com", allowedHosts: ["*"])
  }

  private func outcome(_ endpoint: String, _ account: Account, bytesMax: Int = 8192) -> Outcome {
    var resolver = EndpointResolver(endpointBytesMax: bytesMax)
    let bytes = Array(endpoint.utf8)
    do throws(PenstockError) {
      let resolved = try resolver.resolve(bytes.span, for: account)
      let place =
        (resolved.isBase ? "base " : "") + (resolved.isRelative ? "relative " : "")
        + (resolved.origin.isTLS ? "https://" : "http://") + resolved.origin.authority
      return .to(place, target: text(bytes.span[resolved.target]))
    } catch {
      return .refused(error)
    }
  }

  private func refusal(_ endpoint: String, _ account: Account) -> PenstockError? {
    if case .refused(let error) = outcome(endpoint, account) { error } else { nil }
  }

  // MARK: Where it leads

  @Test(arguments: ["/x", "/x?a=b&c=%20d", "/", "/a/b/?", "/x?u=//evil", "/x?..=%2e%2e", "/{{t}}"])
  func `a path leads to the base URL, byte for byte`(endpoint: String) throws {
    let expected = Outcome.to("base relative https://good.com:443", target: endpoint)
    #expect(try outcome(endpoint, Self.good()) == expected)
  }

  @Test(arguments: [
    ("https://good.com/base/v1/x", "base https://good.com:443", "/base/v1/x"),
    ("HTTPS://GOOD.com/x", "base https://good.com:443", "/x"),
    ("https://good.com:443/x", "base https://good.com:443", "/x"),
    ("https://good.com", "base https://good.com:443", ""),
    ("https://good.com?q=1", "base https://good.com:443", "?q=1"),
    ("https://good.com/?u=@evil.com", "base https://good.com:443", "/?u=@evil.com"),
    ("https://good.com?@evil.com/", "base https://good.com:443", "?@evil.com/"),
    ("https://up.good.com/a%2fb?c", "https://up.good.com:443", "/a%2fb?c"),
    ("http://plain.com:8080/x", "http://plain.com:8080", "/x"),
  ])
  func `an absolute URL leads to an origin of the account`(
    endpoint: String, place: String, target: String
  ) throws {
    #expect(try outcome(endpoint, Self.good()) == .to(place, target: target))
  }

  @Test func `an address literal keeps its brackets to itself`() throws {
    let account = try Account.at("https://good.com", allowedHosts: ["https://[2001:db8::1]:8443"])
    #expect(
      outcome("https://[2001:DB8::1]:8443/x", account)
        == .to("https://[2001:db8::1]:8443", target: "/x"))
  }

  // MARK: What has no form

  @Test(arguments: [
    "", "x", "?q", "#f", ".", "//evil.com/x", "///evil.com", "////evil.com", "/\\evil.com",
    "\\\\evil.com", "\\/evil.com", "/%2f/evil.com", "/%5cevil.com", "@evil.com/", ".evil.com/",
    ":8080/x", "-evil", "*", "good.com/x", "good.com:443/x/",
  ])
  func `what is neither a path nor a URL is refused`(endpoint: String) throws {
    #expect(try refusal(endpoint, Self.good()) != nil, "not a path")
    #expect(try refusal(endpoint, Self.anywhere()) != nil, "not a path")
  }

  @Test(arguments: [
    "https://good.com@evil.com/", "https://good.com:443@evil.com", "https://u:p@good.com/",
    "https://@good.com/", "https://good.com%2f@evil.com/",
  ])
  func `a user is refused, whoever it is`(endpoint: String) throws {
    #expect(try refusal(endpoint, Self.anywhere()) == .userinfoNotAllowed)
  }

  @Test(arguments: [
    "https://good.com\\@evil.com/", "https://evil.com\\.good.com", "https://good.com#@evil.com/",
    "http:/evil.com", "http:///evil.com", "http:evil.com", "https:/evil.com", "https://",
    "https:///", "https://?x", "https://good%2ecom/", "https://%67ood.com/",
    "https://good.com%00/", "https://good.com%0d%0a/", "https://good.com%09/",
    "https://\u{ff47}ood.com/", "https://good\u{3002}com", "https://\u{24d6}ood.com",
    "https://fa\u{df}.de", "https://g\u{43e}\u{43e}d.com", "https://[::1", "https://::1/",
    "https://[]/", "https://./", "https://good.com,evil.com/",
    "https://\u{2460}\u{2461}\u{2466}.\u{24ea}.\u{24ea}.\u{2460}/",
  ])
  func `a URL that could be read in two ways is refused`(endpoint: String) throws {
    #expect(try refusal(endpoint, Self.anywhere()) == .invalidEndpoint)
  }

  @Test(arguments: [
    ":0", ":65536", ":00443", ":-1", ":4 43", ":443:80", ":\u{ff14}43", ":", ":+443", ":0443",
    ":4294967739", ":443a",
  ])
  func `a port that is no plain number is refused`(port: String) throws {
    #expect(try refusal("https://good.com\(port)/", Self.anywhere()) == .invalidEndpoint)
  }

  @Test(arguments: [
    "file:///etc/passwd", "gopher://good.com/", "dict://good.com/", "FTP://good.com/",
    "sftp://good.com/", "ldap://good.com/", "scp://good.com/", "smb://good.com/",
    "ws://good.com/", "wss://good.com/", "data:text/plain,x", "JavaScript:alert(1)",
    "jar:https://good.com!/", "https+x://good.com/",
  ])
  func `no scheme but http and https`(endpoint: String) throws {
    #expect(try refusal(endpoint, Self.anywhere()) == .invalidScheme)
  }

  // MARK: Whose host it is

  @Test(arguments: [
    "https://good.com.:443/x", "https://good.com.evil.com", "https://evilgood.com",
    "https://sub.good.com", "https://xn--80ak6aa92e.com", "https://good.com:22/",
    "https://good.com:25/", "https://good.com:6379/", "https://good.com:11211/",
    "http://good.com/x", "http://up.good.com/", "http://plain.com/", "https://plain.com:8080/",
    "https://127.0.0.1/", "https://[::1]/", "https://localhost/",
  ])
  func `a host that is not the account's is a mismatch`(endpoint: String) throws {
    #expect(try refusal(endpoint, Self.good()) == .originMismatch)
  }

  @Test(arguments: ["https://127.0.0.1./", "https://10.0.0.1.:8080/x"])
  func `an address with a root dot goes nowhere`(endpoint: String) throws {
    #expect(try refusal(endpoint, Self.anywhere()) == .destinationNotAllowed)
  }

  // MARK: The path

  @Test(arguments: [
    "/../admin", "/a/../../admin", "/./x", "/a/..", "/..", "/%2e%2e/admin", "/..%2fadmin",
    "/%252e%252e/", "/..;/admin", "/%c0%ae%c0%ae/", "/x/../y?q", "https://good.com/a/../b",
    "https://good.com/%2e%2e", "https://good.com/..?x",
  ])
  func `a dot segment is refused, relative or absolute`(endpoint: String) throws {
    #expect(try refusal(endpoint, Self.good()) == .dotSegments)
  }

  @Test(arguments: [
    "/x%00", "/x%0d%0aHost:%20evil", "/x%0aSet-Cookie", "/x\r\nHost: evil\r\n\r\nGET /y", "/x y",
    "/x\tz", "/caf\u{e9}", "/x\u{0}", "/x\u{7f}", "/x?a=b#frag", "/x?a b", "/x?a\\b",
    "https://good.com/x%00", "https://good.com/a b", "https://good.com/#f",
  ])
  func `control characters, spaces, backslashes and fragments are refused`(
    endpoint: String
  ) throws {
    #expect(try refusal(endpoint, Self.good()) == .invalidEndpoint)
  }

  @Test func `a path of an absolute URL cannot begin with another authority`() throws {
    for endpoint in ["https://good.com//evil.com/", "https://good.com/%2fevil.com"] {
      #expect(try refusal(endpoint, Self.good()) == .invalidEndpoint, "\(endpoint)")
    }
  }

  @Test func `an endpoint is as long as its limit and no longer`() throws {
    let longest = "/" + String(repeating: "a", count: 8191)
    #expect(try refusal(longest, Self.good()) == nil)
    #expect(try refusal(longest + "a", Self.good()) == .endpointTooLong)
  }

  // MARK: Anything

  @Test func `no text leads to a host that the account does not have`() throws {
    let account = try Self.good()
    let seeds = [
      "https://good.com/base/v1/x", "https://up.good.com:443/?q", "/x/y?z",
      "https://good.com@evil.com/", "http://plain.com:8080/%2e%2e/", "https://evil.com/",
    ].map { Array($0.utf8) }
    let alphabet = Array(":/?#@\\.%2e[]evilgodcmhtps0189 ;&=-_~\r\n".utf8)
    var random = ExecuteTestRandom(for: "EndpointResolver")
    var resolver = EndpointResolver(endpointBytesMax: 8192)
    var accepted = 0
    for _ in 0..<50_000 {
      let bytes = random.mutated(seeds[random.below(seeds.count)], alphabet: alphabet)
      guard let resolved = try? resolver.resolve(bytes.span, for: account) else { continue }
      accepted += 1
      let place = "\(resolved.origin.isTLS) \(resolved.origin.authority)"
      let known = ["true good.com:443", "true up.good.com:443", "false plain.com:8080"]
      #expect(known.contains(place), "\(String(decoding: bytes, as: UTF8.self))")
      #expect(resolved.isBase == (place == known[0]))
      #expect(bytes[resolved.target.range].allSatisfy { 0x21...0x7e ~= $0 && $0 != 0x23 })
    }
    #expect(accepted > 1000)
  }
}
