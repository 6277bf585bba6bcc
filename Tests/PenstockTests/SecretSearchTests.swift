import Testing
import Wire

@testable import Penstock

@Suite struct SecretSearchTests {
  private static func matcher(
    _ credentials: [Credential], _ others: [NamedSecret] = []
  ) throws -> SecretMatcher {
    let accounts = try credentials.enumerated().map { index, credential in
      try Account.at("https://good.com", index: index, id: "ca_\(index)", credential: credential)
    }
    return SecretMatcher(accounts, others)
  }

  private static func matcher(_ token: String) throws -> SecretMatcher {
    try matcher([.bearer(token: token)])
  }

  /// The text as a log shows it.
  private static func redacted(_ text: String, _ matcher: SecretMatcher) -> String {
    var search = SecretSearch(matcher)
    var out = ByteBuffer()
    return search.redact(Array(text.utf8).span, into: &out) ? Self.text(out) : text
  }

  private static func text(_ buffer: borrowing ByteBuffer) -> String {
    String(decoding: Array(buffer), as: UTF8.self)
  }

  private static func base64(_ bytes: [UInt8]) -> String {
    var out = ByteBuffer()
    Base64.encode(bytes.span, into: &out)
    return text(out)
  }

  @Test(arguments: [
    ("/a/s3cr3t-token/b", "/a/***/b"), ("s3cr3t-token", "***"), ("s3cr3t-toke", "s3cr3t-toke"),
    ("s3cr3t-tokens3cr3t-token", "***"), ("s3cr3t-token s3cr3t-token", "*** ***"),
    ("s3cr3t-tokex", "s3cr3t-tokex"), ("/%733cr3t-token", "/***"),
    ("/%73%33%63%72%33%74%2d%74%6F%6b%65%6e!", "/***!"), ("/s3cr3t%2Dtoken", "/***"),
    ("/s3cr3t%252Dtoken", "/***"), ("/%s3cr3t-token%", "/%***%"), ("", ""), ("%", "%"),
    ("S3CR3T-TOKEN.example", "***.example"),
  ])
  func `a secret is found as it is and percent-encoded, and nothing else is`(
    text: String, shown: String
  ) throws {
    #expect(Self.redacted(text, try Self.matcher("s3cr3t-token")) == shown)
  }

  @Test(arguments: [
    ("Token s3cr3t-token", "/s3cr3t-token", "/***"), ("Long-Scheme s3cr3t-token", "/x", "/x"),
    ("Long-Scheme s3cr3t-token", "/Long-Scheme", "/Long-Scheme"),
    ("long_name=s3cr3t-token; other=t", "/s3cr3t-token", "/***"),
    ("long_name=s3cr3t-token; other=t", "/long_name", "/long_name"),
    ("Key a=\"s3cr3t-token\",b", "/s3cr3t-token", "/***"),
    ("Key long_name=\"s3cr3t-token\"", "/long_name", "/long_name"),
    ("Key a=\"czNjcjN0LXRva2VuIQ==\"", "/czNjcjN0LXRva2VuIQ", "/***"),
    ("Key czNjcjN0LXRva2VuIQ==", "/czNjcjN0LXRva2VuIQ", "/***"),
  ])
  func `a header's value is known by its parts, too`(
    value: String, text: String, shown: String
  ) throws {
    let matcher = try Self.matcher([.header([("Authorization", value)])])
    #expect(Self.redacted(text, matcher) == shown)
  }

  /// What a text that goes on ends with is not known, however it would be written.
  @Test func `of a text that was cut no beginning of a secret is shown`() throws {
    let matcher = try Self.matcher("s3cr3t-token")
    var search = SecretSearch(matcher)
    func shown(_ text: String) -> String {
      var out = ByteBuffer()
      _ = search.redact(Array(text.utf8).span, isCut: true, into: &out)
      return Self.text(out)
    }
    let whole = String(repeating: "s3cr3t-token/", count: 100)
    let rest = "%2573" + "3cr3t-toke"
    for count in 0...300 {
      let text = String(repeating: "x", count: count) + whole
      for end in [0, 1, 11] {
        let told = shown(String(text.dropLast(end)))
        #expect(told.hasSuffix("***") && !told.contains("s3"), "\(count), \(end): \(told)")
      }
      #expect(!shown(text + rest).contains("3cr"))
    }
    #expect(shown("") == "" && shown("s3cr3t-toke") == "***")
    #expect(shown(String(repeating: "x", count: 1000)).hasPrefix("xxxxxxxx"))
  }

  /// The whole form is told from one that only begins like it, wherever in the text it stands.
  @Test func `a text that begins like a secret again and again holds it once`() throws {
    let secret = "eyJhbGci." + String(repeating: "0123456789", count: 100)
    let matcher = try Self.matcher(secret)
    let likely = String(repeating: "eyJhbGci", count: 500)
    #expect(Self.redacted(likely, matcher) == likely)
    #expect(Self.redacted(likely + secret + likely, matcher) == likely + "***" + likely)
  }

  @Test(arguments: ["s3cr3t-t", "s3cr3t-to", "s3cr3t-tok", "s3cr3t-\u{e9}?>~"])
  func `Base64 of a secret is found whatever stands before and behind it`(secret: String) throws {
    let matcher = try Self.matcher(secret)
    for before in 0..<4 {
      for behind in 0..<4 {
        let bytes =
          [UInt8](repeating: 0x78, count: before) + Array(secret.utf8)
          + [UInt8](repeating: 0x79, count: behind)
        let standard = Self.base64(bytes)
        let url = standard.replacing("+", with: "-").replacing("/", with: "_")
        for encoded in [standard, url, url.replacing("=", with: "")] {
          let shown = Self.redacted("!\(encoded)!", matcher)
          #expect(shown.contains("***"), "\(before), \(behind): \(shown)")
          // What is left has no bit of the secret: characters of what stands around it alone.
          let left = shown.filter { $0.isLetter || $0.isNumber }
          #expect(left.count <= (before * 8 + 5) / 6 + (behind * 8 + 5) / 6, "\(shown)")
        }
      }
    }
  }

  @Test func `hexadecimal digits of a secret are found in either case, and percent-encoded`()
    throws
  {
    let matcher = try Self.matcher("s3cr3t-t\u{e9}")
    for text in [
      "7333637233742d74c3a9", "7333637233742D74C3A9", "%37333637%32%33%33742d74C3a9",
    ] {
      #expect(Self.redacted("/0\(text)f/", matcher) == "/0***f/", "\(text)")
    }
    #expect(Self.redacted("7333637233742d74c3a8", matcher) == "7333637233742d74c3a8")
  }

  @Test func `what holds a percent sign itself is found as it is, and encoded`() throws {
    let matcher = try Self.matcher("100%41%20off")
    for text in ["100%41%20off", "100%2541%2520off", "100%2541%20off"] {
      #expect(Self.redacted("/\(text)/", matcher) == "/***/", "\(text)")
    }
  }

  @Test func `user name, password and both in Base64 are secrets, where they are long enough`()
    throws
  {
    let matcher = try Self.matcher([
      .basic(username: "user", password: "pass-word"), .basic(username: "token-0123", password: ""),
      .basic(username: "bob", password: "abcd"), .basic(username: "a", password: "b"),
    ])
    #expect(Self.redacted("user:pass-word", matcher) == "***")
    #expect(Self.redacted("user pass-word token-0123 abcd", matcher) == "user *** *** abcd")
    for pair in ["user:pass-word", "token-0123:", "bob:abcd"] {
      let shown = Self.redacted(".\(Self.base64(Array(pair.utf8))).", matcher)
      #expect(shown.filter { $0 != "=" } == ".***.", "\(pair)")
    }
    #expect(matcher.names.count == 5 && matcher.shortNames.count == 6)
  }

  @Test func `fields, parameters, API keys and the signing key are secrets`() throws {
    let matcher = try Self.matcher(
      [
        .header([("X-Key", "header-one"), ("X-Other", "header-two")]),
        .query(name: "key", value: "query value/1"), .none,
      ],
      [
        NamedSecret(.apiKey(ofProject: 0), Secret("k-project-one")),
        NamedSecret(.signingKey, Secret("signing-key-0123")),
      ])
    let text = "header-one header-two query+value%2F1 k-project-one signing-key-0123 header-six"
    #expect(Self.redacted(text, matcher) == "*** *** *** *** *** header-six")
  }

  @Test func `a hit names the secret and how it was written, not what it is`() throws {
    let account = try Account.at(
      "https://good.com", id: "ca_one", credential: .bearer(token: "s3cr3t-token"))
    let configuration = Configuration(
      listeners: [],
      projects: [Project(index: 0, name: "acme", keyDigests: [], allows: [true])],
      accounts: [account],
      digested: [NamedSecret(.apiKey(ofProject: 0), Secret("k-project-one"))])
    var search = SecretSearch(configuration.secrets)
    let digits = String(decoding: Hexadecimal.text(of: Array("s3cr3t-token".utf8)), as: UTF8.self)
    let base64 = Self.base64(Array("s3cr3t-token".utf8))
    let text = "s3cr3t-token \(base64) \(digits) k%2dproject-one"
    let hits = search.hits(in: Array(text.utf8).span)
    let told = hits.map {
      "\($0.name.text(in: configuration)), \($0.coding), \($0.isPercentEncoded)"
    }
    var distinct: [String] = []
    for each in told where distinct.last != each { distinct.append(each) }
    #expect(
      distinct == [
        "account ca_one: bearer token, none, false",
        "account ca_one: bearer token, base64, false",
        "account ca_one: bearer token, hexadecimal, false",
        "project acme: API key, none, true",
      ])
  }

  @Test func `of many secrets that begin alike each is found, at no more room than it needs`()
    throws
  {
    let credentials = (0..<20_000).map { Credential.bearer(token: "sk_live_\($0 &* 7_919)_\($0)") }
    let matcher = try Self.matcher(credentials)
    #expect(
      Self.redacted("/sk_live_/sk_live_1_2/sk_live_", matcher) == "/sk_live_/sk_live_1_2/sk_live_")
    for number in stride(from: 0, to: 20_000, by: 997) {
      let token = "sk_live_\(number &* 7_919)_\(number)"
      #expect(Self.redacted("/\(token)!", matcher) == "/***!")
      var search = SecretSearch(matcher)
      #expect(
        search.hits(in: Array(token.utf8).span).first?.name
          == SecretName(.bearerToken, owner: number))
    }
  }

  @Test func `random secrets in random encodings are never shown`() throws {
    var random = ExecuteTestRandom(for: "random secrets")
    for _ in 0..<200 {
      let secret = (0..<(8 + random.below(60))).map { _ in UInt8(0x21 + random.below(94)) }
      let matcher = try Self.matcher(String(decoding: secret, as: UTF8.self))
      for _ in 0..<20 {
        var text = ByteBuffer()
        let share = random.below(5)
        for byte in secret {
          if random.below(4) < share || byte == 0x25 {
            text.append("%" as StaticString)
            if byte < 16 { text.append(0x30) }
            text.append(hexadecimal: UInt(byte))
          } else {
            text.append(byte)
          }
        }
        let shown = Self.redacted("<\(Self.text(text))>", matcher)
        #expect(shown == "<***>", "\(Self.text(text))")
      }
    }
  }
}
