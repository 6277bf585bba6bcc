import Testing

@testable import PenstockCLI

@Suite struct ConfigurationFaultTests {
  private let fixture: Fixture

  init() throws { fixture = try Fixture() }

  @Test func `all faults of a file come at once, in its order`() throws {
    #expect(
      try fixture.messages(
        """
        listen: nowhere
        workers: many
        accounts:
          - id: a
            id: b
            base_url: ftp://a.example
        routes: [{path: /x/, account: c}]
        """) == [
          "this is no address to listen on", "`workers` cannot be `many`",
          "`id` stands here a second time", "the URL must begin with https:// or http://",
          "no account has the id `c`",
        ])
  }

  @Test(arguments: [
    ("https://user:pw@a.example", "a URL here cannot hold a user name or password"),
    ("https://a.example?x=1", "a base URL cannot hold a query"),
    ("https://a.example/#x", "a base URL cannot hold a fragment"),
    ("https://a.example/a/../b", "the URL's path holds an empty, `.` or `..` segment"),
    ("https://a.example/%2e%2E/b", "the URL's path holds an empty, `.` or `..` segment"),
    ("https://a.example:99999", "the URL's port is no port"),
    ("https://", "the URL has no usable host"),
    ("https://127.1", "the URL has no usable host"),
    ("https://2130706433", "the URL has no usable host"),
    ("https://ex ample.com", "the URL holds a character that URLs cannot"),
    ("https://bücher.example", "the URL holds a character that URLs cannot"),
    ("api.example.com", "the URL must begin with https:// or http://"),
  ])
  func `a base URL is an origin with a plain path`(url: String, message: String) throws {
    #expect(try fixture.messages("accounts: [{id: a, base_url: '\(url)'}]") == [message])
  }

  @Test(arguments: [
    ("{type: bearer}", "`token` is missing from `auth`"),
    ("{type: bearer, token: ''}", "`token` is empty"),
    ("{type: bearer, token: \"a\\nb\"}", "`token` holds a line break or another control character"),
    ("{type: bearer, token: \"a\\rb\"}", "`token` holds a line break or another control character"),
    ("{type: bearer, token: \"a\\0b\"}", "`token` holds a line break or another control character"),
    ("{type: bearer, token: 'a '}", "`token` begins or ends with a space"),
    ("{type: oauth}", "no such type of credential"),
    ("{token: a}", "`type` is missing from `auth`"),
    ("{type: bearer, token: a, password: b}", "`password` does not belong to `type: bearer`"),
    ("{type: basic, username: 'a:b', password: c}", "a user name cannot hold a colon"),
    ("{type: header, name: Host, value: a}", "`Host` is written by Penstock itself"),
    (
      "{type: header, name: transfer-Encoding, value: a}",
      "`transfer-Encoding` is written by Penstock itself"
    ),
    ("{type: header, name: 'X Y', value: a}", "this is no name of a header"),
    ("[{name: X-A, value: a}, {name: x-a, value: b}]", "`x-a` stands here a second time"),
    ("bearer", "a single value where `auth` belongs"),
  ])
  func `a credential is complete and fits into a message`(auth: String, message: String) throws {
    let text = "accounts: [{id: a, base_url: https://a.example, auth: \(auth)}]"
    #expect(try fixture.messages(text) == [message])
  }

  @Test(arguments: [
    ("proxy: https://p.example:3128", "a proxy cannot be dialled over TLS"),
    ("proxy: p.example:3128", "this is no proxy"), ("proxy: http://p.example", "this is no proxy"),
    ("proxy: http://u:p@p.example:1", "this is no proxy"),
    ("allow_private: [10.0.0.0/33]", "this is no address block"),
    ("allow_private: maybe", "this is no address block"),
    ("allowed_hosts: [a.example/x]", "this is no host"),
    ("timeouts: {connect: 0s}", "`connect` cannot be `0s`"),
    ("pool: {idle: -1}", "`idle` cannot be `-1`"),
    ("headers: {X-A: \"a\\nb\"}", "`X-A` holds a line break or another control character"),
    ("headers: {Content-Length: 1}", "`Content-Length` is written by Penstock itself"),
    ("request_compression: br", "`request_compression` cannot be `br`"),
    ("tiemouts: {}", "unknown key `tiemouts` in an account"),
  ])
  func `an account's other keys are checked`(key: String, message: String) throws {
    let text = "accounts:\n  - id: a\n    base_url: https://a.example\n    \(key)\n"
    #expect(try fixture.messages(text) == [message])
  }

  @Test(arguments: [
    ("{methods: [get]}", "this is no method"), ("{methods: ['*']}", "this is no method"),
    ("{methods: []}", "`methods` is empty"), ("{paths: []}", "`paths` is empty"),
    ("{paths: [repos/*]}", "this is no path"),
    ("{paths: ['/a?b']}", "a rule's path holds a character that no path does"),
    ("{paths: ['/a%zz']}", "a `%` that two digits do not follow"),
    ("{paths: [/a/../b]}", "a rule's path holds a dot segment"),
    ("{paths: [/a//b]}", "a rule's path holds an empty segment"),
    ("{paths: [/a**]}", "`**` is not a segment of its own"),
    ("{path: /a}", "unknown key `path` in a rule"), ("GET", "a single value where a rule belongs"),
    ("{observe: perhaps}", "`observe` cannot be `perhaps`"),
  ])
  func `a rule says what it allows`(rule: String, message: String) throws {
    let account = "accounts: [{id: a, base_url: https://a.example, rules: [\(rule)]}]\n"
    #expect(try fixture.messages(account) == [message])
    let key = "api_keys: [{name: x, key: k, accounts: [], rules: [\(rule)]}]"
    #expect(try fixture.messages(key) == [message])
  }

  @Test func `a certificate file must be there and hold one`() throws {
    try fixture.write("empty.pem", "nothing")
    let account = "accounts: [{id: a, base_url: https://a.example, ca_file: "
    #expect(
      try fixture.messages(account + "gone.pem}]")
        == ["`\(fixture.folder)/gone.pem` does not exist"])
    #expect(
      try fixture.messages(account + "empty.pem}]")
        == ["`\(fixture.folder)/empty.pem` holds no certificate"])
  }

  @Test(arguments: [
    ("{name: a, accounts: []}", "`key` is missing from an API key"),
    ("{name: a, key: x}", "`accounts` is missing from an API key"),
    ("{name: a, key: 'x y', accounts: []}", "the key holds a character that no caller can show"),
    ("{name: a, key: [x, x], accounts: []}", "this project already has this key"),
    ("{name: a, key_sha256: abc, accounts: []}", "this is no SHA-256 digest"),
    ("{name: anonymous, key: x, accounts: []}", "`anonymous` is a name that Penstock gives itself"),
    ("{name: \"a\\\"b\", key: x, accounts: []}", "this cannot be a name"),
    (
      "{name: a, key: x, accounts: [], default_account: ca_one}",
      "`ca_one` is not among the accounts that this key may use"
    ),
  ])
  func `an API key is complete`(key: String, message: String) throws {
    #expect(try fixture.messages(plainAccount + "api_keys: [\(key)]") == [message])
  }

  @Test func `two accounts of one id, two keys of one name and one key of two are faults`() throws {
    #expect(
      try fixture.messages(
        """
        accounts: [{id: a, base_url: https://a.example}, {id: a, base_url: https://a.example}]
        api_keys:
          - {name: x, key: k, accounts: [a]}
          - {name: x, key: l, accounts: [a]}
          - {name: y, key: k, accounts: [a]}
        """) == [
          "a second account with the id `a`", "a second API key with the name `x`",
          "the project `x` already has this key",
        ])
  }

  @Test(arguments: [
    ("listen: [127.0.0.1:80, 127.0.0.1:80]", "127.0.0.1:80 is listened on twice"),
    ("listen: 127.0.0.1:9090", "127.0.0.1:9090 is listened on twice"),
    ("listen: 127.0.0.1:80\nmetrics: {listen: 0.0.0.0:80}", "0.0.0.0:80 is listened on twice"),
    ("listen: example.com:80", "this is no address to listen on"),
    ("listen: 127.0.0.1", "this is no address to listen on"),
    ("listen: []", "`listen` names no address"),
    ("limits: {uri_bytes: 64MB}", "`uri_bytes` cannot be `64MB`"),
    (
      "limits: {write_buffer_low_bytes: 1MiB}",
      "`write_buffer_low_bytes` must be less than `write_buffer_high_bytes`"
    ),
    ("execute: {v3_allowlist: [x]}", "no API key has the name `x`"),
    ("execute: {toolkits: [x]}", "a list where `toolkits` belongs"),
    ("execute: {toolkits: {a b: {account: x}}}", "this cannot be a toolkit's name"),
    ("execute: {toolkits: {x: {account: y}}}", "no account has the id `y`"),
    (
      plainAccount + "execute: {toolkits: {x: {account: ca_one}, X: {account: ca_one}}}",
      "a second toolkit with the name `X`"
    ),
    ("trusted_proxies: [10.0.0.0/8, ten]", "this is no address block"),
    ("metrics: {buckets: [1, 1]}", "bounds are seconds, each above the one before"),
    ("log: {sample_success: 2}", "`sample_success` cannot be `2`"),
    ("files: {signing_key: short}", "`signing_key` is shorter than 16 bytes"),
    (
      "files: {signing_key: [long-enough-to-sign, short]}",
      "`signing_key` is shorter than 16 bytes"
    ),
    ("files: {directory: /dev/null, signing_key: \(signingKey)}", "the directory is none"),
    ("files: {directory: /dev/null/files, signing_key: \(signingKey)}", "the directory is none"),
  ])
  func `the rest of the file is checked`(text: String, message: String) throws {
    #expect(try fixture.messages(text + "\n").filter { !$0.hasPrefix("accepted") } == [message])
  }

  @Test(arguments: ["", "\n\n", "# nothing\n", "---\n", "~\n"])
  func `an empty file is a fault`(text: String) throws {
    #expect(try fixture.messages(text) == ["the file is empty"])
  }

  @Test func `a file that cannot be read is a fault`() throws {
    let large = try fixture.write("large.yaml", String(repeating: "#", count: (4 << 20) + 1))
    #expect(fixture.read(path: large).faults.map(\.message) == ["the file is larger than 4MiB"])
    #expect(
      fixture.read(path: fixture.folder).faults.map(\.message)
        == ["the file is not a regular file"])
    #expect(
      fixture.read(path: fixture.folder + "/gone").faults.map(\.message)
        == ["the file does not exist"])
  }

  @Test func `aliases of aliases end before they fill the memory`() throws {
    var text = "a: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    for level in 1...9 {
      let aliases = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
      text += "a\(level): &a\(level) [\(aliases)]\n"
    }
    #expect(try fixture.messages(text) == ["the file has more than 1000000 values"])
  }
}

private let signingKey = "long-enough-to-sign"
