import Testing
import Wire

@testable import Penstock

@Suite struct RouterTests {
  private static func configuration() throws -> Configuration {
    let accounts = [
      try Account.at("https://one.example", index: 0, id: "ca_one"),
      try Account.at("https://two.example", index: 1, id: "ca_two"),
    ]
    let routes = [
      Route(path: "/", account: 0), Route(path: "/github/", account: 0),
      Route(path: "/github/issues/", account: 1),
      Route(path: "/github/", host: "api.internal", account: 1),
      Route(path: "/healthz/", account: 1), Route(path: "/proxy/", account: 1),
    ]
    return Configuration(listeners: [], accounts: accounts, routes: routes)
  }

  /// Where a target goes, as text.
  private func destination(_ target: String, host: String = "p") throws -> String {
    let bytes = Array(target.utf8)
    let router = Router(try Self.configuration())
    switch router.destination(bytes.span, host: Array(host.utf8).span) {
    case .healthz: return "healthz"
    case .readyz: return "readyz"
    case .execute(let isRetiredVersion): return isRetiredVersion ? "execute v3" : "execute"
    case .proxy(let account, let rest):
      return "proxy \(account.map(String.init) ?? "none") \(text(bytes.span[rest]))"
    case .route(let index, let rest):
      return "route \(index) \(text(bytes.span[rest]))"
    case .session(let id): return "session \(text(bytes.span[id]))"
    case .files: return "files"
    case .nothing: return "nothing"
    }
  }

  @Test(arguments: [
    ("/healthz", "healthz"), ("/healthz?x=/y", "healthz"), ("/readyz", "readyz"),
    ("/api/v3.1/tools/execute/proxy", "execute"), ("/api/v3/tools/execute/proxy", "execute v3"),
    ("/api/v3.1/tools/execute/proxy?x", "execute"),
    ("/api/v3.1/tool_router/session/s1/proxy_execute", "session s1"),
    ("/api/v3.1/tool_router/session/a-._~Z9/proxy_execute?x", "session a-._~Z9"),
    ("/api/v3.1/tool_router/session//proxy_execute", "nothing"),
    ("/api/v3.1/tool_router/session/proxy_execute", "nothing"),
    ("/api/v3.1/tool_router/session/../proxy_execute", "nothing"),
    ("/api/v3.1/tool_router/session/a%2fb/proxy_execute", "session a%2fb"),
    ("/api/v3.1/tool_router/session/a/b/proxy_execute", "nothing"),
    ("/api/v3.1/tool_router/session/s1/proxy_execute/", "nothing"),
    ("/api/v3.1/tool_router/session/s1/execute", "nothing"), ("/files/id?expires=1", "files"),
  ])
  func `Penstock's own paths come first, whatever the routes say`(
    target: String, expected: String
  ) throws {
    #expect(try destination(target) == expected)
    #expect(try destination(target, host: "api.internal") == expected)
  }

  @Test(arguments: [
    ("/proxy/ca_one/x/y?q=1", "proxy 0 /x/y?q=1"), ("/proxy/ca_two/", "proxy 1 /"),
    ("/proxy/ca_one", "proxy 0 "), ("/proxy/ca_one?q", "proxy 0 ?q"),
    ("/proxy/ca_one//evil", "proxy 0 //evil"), ("/proxy/CA_ONE/x", "proxy none /x"),
    ("/proxy/ca_three/x", "proxy none /x"), ("/proxy//x", "proxy none /x"),
    ("/proxy/", "proxy none "), ("/proxy/ca%5fone/x", "proxy none /x"),
    ("/proxy/?ca_one/x", "proxy none ?ca_one/x"),
  ])
  func `the streaming route names an account and leaves the rest as it is`(
    target: String, expected: String
  ) throws {
    #expect(try destination(target) == expected)
  }

  @Test(arguments: [
    ("/github/repos?q", "p", "/repos?q", "/github/"),
    ("/github/", "p", "/", "/github/"),
    ("/github/issues/7", "p", "/7", "/github/issues/"),
    ("/github/issues", "p", "/issues", "/github/"),
    ("/github/issues/7", "api.internal", "/issues/7", "/github/"),
    ("/github/issues/7", "API.Internal", "/issues/7", "/github/"),
    ("/github/issues/7", "api.internal.evil", "/7", "/github/issues/"),
    ("/github", "p", "/github", "/"),
    ("/githubx/", "p", "/githubx/", "/"),
    ("/GitHub/x", "p", "/GitHub/x", "/"),
    ("/x?/github/", "p", "/x?/github/", "/"),
    ("/healthz/x", "p", "/x", "/healthz/"),
    ("/proxy", "p", "/proxy", "/"),
    ("/api/v3.1/tools/execute/proxyx", "p", "/api/v3.1/tools/execute/proxyx", "/"),
  ])
  func `of the routes, one with a host goes first, then the longest prefix`(
    target: String, host: String, rest: String, path: String
  ) throws {
    let ordered = try Self.configuration().routes
    let found = try destination(target, host: host)
    let words = found.split(separator: " ", maxSplits: 2)
    #expect(words.count == 3 && words[0] == "route", "\(found)")
    let index = try #require(Int(words[1]))
    #expect(ordered[index].path == path)
    #expect((ordered[index].host != nil) == (host.lowercased() == "api.internal"))
    #expect(words[2] == rest)
  }

  @Test(arguments: ["/", "/x", "/healthzx", "/api/", "/api/v3.2/tools/execute/proxy", "/metrics"])
  func `without a route there is nothing`(target: String) throws {
    let router = Router(Configuration(listeners: []))
    let bytes = Array(target.utf8)
    guard case .nothing = router.destination(bytes.span, host: bytes.span) else {
      Issue.record("\(target) leads somewhere")
      return
    }
  }

  @Test func `an account is found by its whole id alone`() throws {
    let router = Router(try Self.configuration())
    #expect(router.account(id: Array("ca_two".utf8).span) == 1)
    for id in ["", "ca_tw", "ca_two ", "ca_twoo", "ca_two\u{0}", "../ca_two"] {
      #expect(router.account(id: Array(id.utf8).span) == nil)
    }
  }
}
