import Testing
import Upstream
import Wire

@testable import Penstock

@Suite struct RuleJudgeTests {
  private static func rule(
    _ methods: [String] = [], _ paths: [String] = [], observe: Bool = false
  ) throws -> Rule {
    Rule(methods: methods, paths: try paths.map { try PathGlob(parsing: $0) }, observe: observe)
  }

  private func judge(
    _ method: String, _ path: String?, project: RuleList? = nil, account: RuleList? = nil
  ) -> RuleJudge.Verdicts {
    var judge = RuleJudge()
    let bytes = Array((path ?? "").utf8)
    return judge.judge(
      Array(method.utf8).span, bytes.span,
      path.map { Slice(start: 0, count: $0.utf8.count) }, project: project, account: account)
  }

  @Test func `without rules everything is allowed, with none in the list nothing`() {
    #expect(judge("GET", "/x").both == .allowed)
    #expect(judge("GET", "/x", project: RuleList([])).both == .denied)
  }

  @Test func `a method is compared exactly, and no methods are any`() throws {
    let list = RuleList([try Self.rule(["GET", "PUT"]), try Self.rule([], ["/all/*"])])
    for (method, path, verdict) in [
      ("GET", "/x", .allowed), ("PUT", "/x", .allowed), ("HEAD", "/x", .denied),
      ("get", "/x", .denied), ("GETS", "/x", .denied), ("", "/x", .denied),
      ("DELETE", "/all/x", .allowed), ("DELETE", "/allx", .denied),
    ] as [(String, String, RuleList.Verdict)] {
      #expect(judge(method, path, account: list).both == verdict, "\(method) \(path)")
    }
  }

  @Test func `the project's rules and the account's must both allow`() throws {
    let reads = RuleList([try Self.rule(["GET"])])
    let repos = RuleList([try Self.rule([], ["/repos/*"])])
    let watched = RuleList([try Self.rule(["GET"], observe: true)])
    #expect(judge("GET", "/repos/x", project: reads, account: repos).both == .allowed)
    #expect(judge("PUT", "/repos/x", project: reads, account: repos).project == .denied)
    #expect(judge("GET", "/user", project: reads, account: repos).account == .denied)
    #expect(judge("GET", "/user", project: reads, account: repos).both == .denied)
    #expect(judge("PUT", "/repos/x", project: watched, account: repos).both == .observed)
    #expect(judge("PUT", "/user", project: watched, account: repos).both == .denied)
    #expect(judge("PUT", "/user", project: watched, account: repos).project == .observed)
  }

  @Test func `rules that all observe deny nothing and tell what they would`() throws {
    let list = RuleList([
      try Self.rule(["GET"], observe: true), try Self.rule([], ["/a"], observe: true),
    ])
    #expect(judge("GET", "/x", account: list).both == .allowed)
    #expect(judge("PUT", "/a", account: list).both == .allowed)
    #expect(judge("PUT", "/x", account: list).both == .observed)
  }

  @Test func `beside others a rule that observes lets pass what it matches`() throws {
    let list = RuleList([try Self.rule(["PUT"], observe: true), try Self.rule(["GET"], ["/a"])])
    #expect(judge("GET", "/a", account: list).both == .allowed)
    #expect(judge("PUT", "/a", account: list).both == .observed)
    #expect(judge("GET", "/b", account: list).both == .denied)
  }

  @Test func `a path is compared decoded, an empty one as the root`() throws {
    let list = RuleList([try Self.rule([], ["/", "/repos/*"])])
    #expect(judge("GET", "", account: list).both == .allowed)
    #expect(judge("GET", "/%72epos/x", account: list).both == .allowed)
    #expect(judge("GET", "/%2Frepos/x", account: list).both == .denied)
    // What `PathRule` refuses before would not be allowed here either.
    #expect(judge("GET", "/repos/%", account: list).both == .denied)
  }

  @Test func `what no glob can name is for rules without paths`() throws {
    let globs = RuleList([try Self.rule([], ["/*", "/**"])])
    #expect(judge("GET", nil, account: globs).both == .denied)
    #expect(judge("GET", nil, account: RuleList([try Self.rule(["GET"])])).both == .allowed)
  }

  @Test(
    arguments: [
      ("/x?q=/y", "/x"), ("/", "/"), ("https://good.com/base/v1/x?q", "/x"),
      ("https://good.com/base/v1", ""), ("https://good.com/base/v1/", "/"),
      ("https://good.com/base/v1?x", ""), ("https://good.com/base/v2/x", nil),
      ("https://good.com/base/v1x", nil), ("https://good.com/base/v1%2Fx", nil),
      ("https://good.com/base/%761/x", nil), ("https://good.com/x", nil),
      ("https://good.com", nil), ("https://good.com//base/v1/x", nil),
      ("https://up.good.com/base/v1/x", "/base/v1/x"), ("https://up.good.com", ""),
    ] as [(String, String?)])
  func `rules see what is below the base URL, and all of another host's path`(
    endpoint: String, expected: String?
  ) throws {
    let account = try Account.at("https://good.com/base/v1", allowedHosts: ["up.good.com"])
    let bytes = Array(endpoint.utf8)
    var resolver = EndpointResolver(endpointBytesMax: 8192)
    let resolved: EndpointResolver.Resolved
    do throws(PenstockError) {
      resolved = try resolver.resolve(bytes.span, for: account)
    } catch {
      // Two slashes in front are refused before any rule.
      #expect(error == .invalidEndpoint && expected == nil)
      return
    }
    let path = resolved.rulePath(in: bytes.span, account.base)
    #expect(path.map { text(bytes.span[$0]) } == expected)
  }
}
