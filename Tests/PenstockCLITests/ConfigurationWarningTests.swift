import Glibc
import Testing

@testable import PenstockCLI

@Suite struct ConfigurationWarningTests {
  private let fixture: Fixture

  init() throws { fixture = try Fixture() }

  private func warnings(_ text: String, permissions: Int = 0o600) throws -> [String] {
    let outcome = try fixture.read(text, permissions: permissions)
    #expect(outcome.configuration != nil)
    #expect(outcome.configuration?.warnings == outcome.faults.map(\.headline))
    return outcome.faults.map(\.message)
  }

  @Test func `a plain listener and a route without a key are worth a word off loopback`() throws {
    let route = plainAccount + "routes: [{path: /x/, account: ca_one, api_key: optional}]\n"
    #expect(try warnings(route).isEmpty)
    #expect(
      try warnings("listen: 0.0.0.0:8080\n" + route) == [
        "API keys cross the network in plain to 0.0.0.0:8080",
        "whoever reaches this machine may use this route without an API key",
      ])
    #expect(
      try warnings("admin: 0.0.0.0:9090\n" + plainAccount)
        == ["`admin` can be reached from other machines, and asks for no key"])
  }

  @Test func `plain secrets in a file that others may read are worth a word`() throws {
    let key = plainAccount + "api_keys: [{name: a, key: literal, accounts: ['*']}]\n"
    #expect(try warnings(key).isEmpty)
    #expect(
      try warnings(key, permissions: 0o644)
        == ["the file holds secrets and may be read by other users"])
    fixture.environment = ["K": "key"]
    #expect(
      try warnings(key.replacing("literal", with: "'${env:K}'"), permissions: 0o644).isEmpty)
  }

  @Test func `a directory is judged, and not made`() throws {
    let folder = fixture.folder + "/files"
    let text = plainAccount + "files: {directory: files, signing_key: long-enough-to-sign}\n"
    #expect(try warnings(text).isEmpty)
    #expect(access(folder, F_OK) != 0)
    try #require(mkdir(folder, 0o700) == 0)
    #expect(try warnings(text).isEmpty)
    try #require(chmod(folder, 0o755) == 0)
    #expect(try fixture.messages(text) == ["the directory is open to other users"])
    rmdir(folder)
    // Whoever serves may be another user than this one.
    let other = text.replacing("files,", with: "/proc/penstock,")
    #expect(try warnings(other).allSatisfy { $0.hasPrefix("the directory cannot be made") })
  }

  @Test func `a pattern that matches nothing is worth a word`() throws {
    #expect(
      try warnings(plainAccount + "api_keys: [{name: a, key: k, accounts: ['x*']}]\n")
        == ["no account matches `x*`"])
    #expect(
      try warnings("include: [x/*.yaml]\n" + plainAccount)
        == ["no file matches this pattern"])
  }

  @Test func `rules are worth no word, an empty list of them is`() throws {
    func account(_ rules: String) -> String {
      "accounts: [{id: a, base_url: https://a.example, rules: \(rules)}]\n"
    }
    #expect(try warnings(account("[{methods: [GET], paths: ['/repos/*', /a/**/b]}]")).isEmpty)
    #expect(try warnings(account("~")).isEmpty)
    #expect(try warnings(account("[]")) == ["an empty list of rules denies every request"])
  }

  @Test func `credentials in envelopes without a toolkit are worth a word`() throws {
    let on = plainAccount + "execute: {custom_connection_data: on"
    #expect(
      try warnings(on + "}\n")
        == ["credentials in envelopes are for the hosts of toolkits, and there are none"])
    #expect(try warnings(on + ", toolkits: {x: {account: ca_one}}}\n").isEmpty)
  }

  @Test func `keys whose feature comes later are listed once, and only where they differ`() throws {
    let text = """
      accounts:
        - {id: a, base_url: https://a.example, trace: true, forwarded: on, in_flight: 0}
        - {id: b, base_url: https://b.example, forwarded: on, rate: {per_second: 0}}
      limits: {pipeline_depth: 7, buffered_bytes: 256MiB}
      log: {slow: 1s, sample_success: 0.5}
      """
    #expect(
      try warnings(text) == [
        "accepted, but without effect in this version: `forwarded`, `limits.pipeline_depth`"
      ])
  }

  @Test func `connections give way to the descriptors, but not an operator's own number`() throws {
    fixture.descriptorsMax = 1064
    let outcome = try fixture.read(plainAccount)
    #expect(outcome.configuration?.limits.connections == 500)
    #expect(
      outcome.faults.map(\.message)
        == ["`connections` is 500 here, for the process may open 1064 descriptors"])
    #expect(
      try fixture.messages(plainAccount + "limits: {connections: 501}")
        == ["501 connections do not fit: the process may open 1064 descriptors"])
    #expect(try warnings(plainAccount + "limits: {connections: 500}").isEmpty)
  }
}
