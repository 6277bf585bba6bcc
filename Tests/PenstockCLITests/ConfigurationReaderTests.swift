import Testing

@testable import Penstock
@testable import PenstockCLI

@Suite struct ConfigurationReaderTests {
  private let fixture: Fixture

  init() throws { fixture = try Fixture() }

  @Test func `a small file gets every default`() throws {
    let outcome = try fixture.read(plainAccount)
    let configuration = try #require(outcome.configuration)
    #expect(outcome.faults.isEmpty)
    #expect(configuration.listeners.map(\.address.description) == ["127.0.0.1:8080"])
    #expect(configuration.admin?.description == "127.0.0.1:9090")
    #expect(configuration.workers == 4)
    #expect(configuration.limits == Limits())
    #expect(configuration.timeouts == Timeouts())
    #expect(configuration.accounts[0].credential.kind == .none)
    #expect(configuration.accounts[0].timeouts == AccountTimeouts())
  }

  @Test func `accounts of the same settings share them, in whatever order they come`() throws {
    let account = "  - {id: a%, base_url: https://one.example"
    let lines = (0..<6).map { index in
      account.replacing("%", with: "\(index)") + (index % 2 == 0 ? "}" : ", in_flight: 7}")
    }
    let outcome = try fixture.read("accounts:\n" + lines.joined(separator: "\n"))
    let accounts = try #require(outcome.configuration).accounts
    #expect(accounts.map(\.inFlight) == [0, 7, 0, 7, 0, 7])
    for (index, account) in accounts.enumerated() {
      #expect(account.shares(settingsOf: accounts[index % 2]))
    }
    #expect(!accounts[0].shares(settingsOf: accounts[1]))
  }

  @Test func `scalars arrive as written where a text is wanted`() throws {
    let outcome = try fixture.read(
      """
      accounts:
        - id: 0123
          base_url: https://one.example
          headers: {X-A: 2022-11-28, X-B: no, X-C: 0123, X-D: 1.10, X-E: null, X-F: 0x10}
      """)
    let account = try #require(outcome.configuration?.accounts.first)
    #expect(account.id == "0123")
    #expect(account.headers.map(\.value) == ["2022-11-28", "no", "0123", "1.10", "null", "0x10"])
    #expect(account.headers[0].line == Array("X-A: 2022-11-28\r\n".utf8))
  }

  @Test func `any scalar may be filled in`() throws {
    fixture.environment = ["PORT": "8181", "URI": "4KiB", "HOST": "https://one.example"]
    let outcome = try fixture.read(
      """
      listen: 127.0.0.1:${env:PORT}
      workers: ${env:WORKERS:-3}
      limits: {uri_bytes: "${env:URI}"}
      accounts: [{id: a, base_url: "${env:HOST}/v1"}]
      """)
    let configuration = try #require(outcome.configuration)
    #expect(configuration.listeners[0].address == .ipv4(octets: [127, 0, 0, 1], port: 8181))
    #expect(configuration.workers == 3)
    #expect(configuration.limits.uriBytes == 4096)
    #expect(configuration.accounts[0].base.path == Array("/v1".utf8))
  }

  @Test func `each kind of credential becomes its wire bytes`() throws {
    let outcome = try fixture.read(
      """
      accounts:
        - {id: a, base_url: https://a.example, auth: {type: bearer, token: t0k}}
        - {id: b, base_url: https://a.example, auth: {type: basic, username: u, password: "p:w"}}
        - {id: c, base_url: https://a.example, auth: {type: header, name: X-Key, value: v}}
        - {id: d, base_url: https://a.example, auth: {type: query, name: api key, value: a&b}}
        - id: e
          base_url: https://a.example
          auth: [{type: header, name: X-A, value: 1}, {type: header, name: X-B, value: 2}]
      """)
    let accounts = try #require(outcome.configuration).accounts
    func lines(_ index: Int) -> [String] {
      accounts[index].credential.headerLines.map { slot in slot.line.withBytes(text) }
    }
    #expect(lines(0) == ["Authorization: Bearer t0k\r\n"])
    #expect(lines(1) == ["Authorization: Basic dTpwOnc=\r\n"])
    #expect(lines(2) == ["X-Key: v\r\n"])
    #expect(accounts[2].credential.headerLines[0].name == "x-key")
    #expect(accounts[3].credential.query?.pair.withBytes(text) == "api%20key=a%26b")
    #expect(lines(4) == ["X-A: 1\r\n", "X-B: 2\r\n"])
  }

  @Test func `globs and ids decide what a key may use`() throws {
    let outcome = try fixture.read(
      """
      accounts:
        - {id: ca_a, base_url: https://a.example}
        - {id: cb, base_url: https://a.example}
        - {id: ca_b, base_url: https://a.example}
      api_keys:
        - {name: one, key: [first, second], accounts: ["ca_*"], default_account: ca_b}
        - {name: two, key: third, accounts: [cb]}
      """)
    let configuration = try #require(outcome.configuration)
    #expect(configuration.projects.map(\.allows) == [[true, false, true], [false, true, false]])
    #expect(configuration.projects[0].defaultAccount == 2)
    #expect(
      configuration.projects[0].keyDigests
        == ["first", "second"].map { KeyDigest(of: Array($0.utf8).span) })
  }

  @Test func `routes with a host come first, then longer prefixes`() throws {
    let outcome = try fixture.read(
      plainAccount + """
        routes:
          - {path: /, account: ca_one}
          - {path: /a/b, account: ca_one}
          - {path: /a/, host: Api.Internal, account: ca_one, api_key: optional}
        """)
    let routes = try #require(outcome.configuration).routes
    #expect(routes.map(\.path) == ["/a/", "/a/b/", "/"])
    #expect(routes[0].host == "api.internal")
    #expect(!routes[0].apiKeyRequired)
  }

  @Test func `anchors, aliases and merges share what accounts have in common`() throws {
    let outcome = try fixture.read(
      """
      accounts:
        - &first
          id: a
          base_url: https://a.example
          timeouts: &slow {first_byte: 5m}
        - {<<: *first, id: b}
        - {id: c, base_url: https://c.example, timeouts: *slow}
      """)
    let accounts = try #require(outcome.configuration).accounts
    #expect(accounts.map(\.timeouts.firstByteMilliseconds) == [300_000, 300_000, 300_000])
    #expect(accounts.map(\.base.host) == ["a.example", "a.example", "c.example"])
  }

  @Test func `included files add accounts, keys and routes in order of their names`() throws {
    try fixture.write("accounts.d/b.yaml", "accounts: [{id: b, base_url: https://b.example}]")
    try fixture.write("accounts.d/a.yaml", "accounts: [{id: a, base_url: https://a.example}]")
    let outcome = try fixture.read("include: [accounts.d/*.yaml]\n" + plainAccount)
    #expect(outcome.configuration?.accounts.map(\.id) == ["ca_one", "a", "b"])
  }

  @Test func `an included file may hold nothing else, and its faults name it`() throws {
    try fixture.write("more.yaml", "listen: 127.0.0.1:1")
    #expect(
      try fixture.faults("include: more.yaml\n" + plainAccount) == [
        """
        more.yaml:1:1: error: unknown key `listen` in an included file
        listen: 127.0.0.1:1
        ^
        help: its keys are: api_keys, accounts, routes
        """
      ])
  }

  private func text(_ bytes: Span<UInt8>) -> String {
    bytes.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
  }
}
