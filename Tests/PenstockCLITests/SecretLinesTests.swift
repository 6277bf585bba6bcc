import Testing

@testable import PenstockCLI

/// Every fault here stands on or beside a line with a secret, which must not show.
@Suite struct SecretLinesTests {
  private let fixture: Fixture

  init() throws { fixture = try Fixture() }

  @Test(arguments: [
    "accounts: [{id: a, base_url: https://a.example, auth: {type: bearer, token: s3cr3t, x: 1}}]",
    "accounts: [{id: a, base_url: https://a.example, auth: {type: bearer, tokn: s3cr3t}}]",
    "accounts:\n  - id: a\n    base_url: https://a.example\n    secrets: s3cr3t\n",
    "accounts:\n  - id: a\n    base_url: https://u:s3cr3t@a.example\n",
    "accounts:\n  - {id: a, base_url: https://a.example, auth: {type: basic, username: s3cr3t}}",
    "accounts:\n  - id: a\n    auth:\n      type: bearer\n      token: |\n        s3cr3t\n"
      + "        s3cr3t\n",
    "accounts:\n  - id: a\n    auth: {type: bearer,\n      token: 's3cr3t\n      s3cr3t', x: 1}\n",
    "accounts:\n  - {id: a, base_url: https://a.example, headers: {X Y: s3cr3t}}\n",
    "api_keys: [{name: a, key: s3cr3t, acounts: []}]",
    "api_keys: [{name: a, key: [s3cr3t, s3cr3t], accounts: []}]",
    "api_keys: [{name: a, key: 's3cr3t s3cr3t', accounts: []}]",
    "api_keys:\n  - s3cr3t_key: s3cr3t\n".replacing("s3cr3t_key", with: "kye"),
    "token: s3cr3t", "apikey: s3cr3t", "s3cr3t: 1", "password:s3cr3t: 1",
    "accounts: [{id: a, base_url: https://a.example, auth: {type: bearer, token:s3cr3t}}]",
    "accounts: [{id: a, base_url: https://a.example, auth: {type: bearer, tokens3cr3t: }}]",
    "api_keys: [{name: a, key:s3cr3t, accounts: []}]",
    "files: {signing_key: s3cr3t}",
    "accounts: [{id: a, auth: {type: bearer, token: \"${s3cr3t}\"}}]",
    "accounts: [{id: a, auth: {type: bearer, token: \"${env:s3cr3t /}\"}}]",
  ])
  func `no fault of a readable file shows a secret`(text: String) throws {
    let faults = try fixture.faults(text)
    #expect(!faults.isEmpty)
    #expect(!faults.joined(separator: "\n").contains("s3cr3t"))
  }

  @Test(arguments: [
    "api_keys:\n  - name: a\n    key: \"s3cr3t\n", "api_keys: [{name: a, key: s3cr3t]",
    "accounts:\n  - auth:\n      token: s3cr3t: x\n",
    "accounts:\n  - auth: {type: bearer, tokn: s3cr3t\n",
    "accounts:\n  - auth:\n      token: |\n        s3cr3t\n       s3cr3t\n      x y\n",
    "accounts:\n  - auth:\n      password:\n\ts3cr3t\n", "key: 's3cr3t\ns3cr3t\n",
    "token: @s3cr3t", "token:s3cr3t\nkey: [", "a:\n  - s3cr3t@x: y: z\n", "{key,: s3cr3t: ",
    "token: `s3cr3t", "  password: %s3cr3t", "a: &x\n\"token\": s3cr3t: y",
    "accounts:\n  - base_url: https://u:s3cr3t@a.example: x\n", "token: [s3cr3t\ns3cr3t: }\n",
    "api_keys:\n  - {name: a, key: s3cr3t${x}}\n",
  ])
  func `no fault of an unreadable file shows a secret`(text: String) throws {
    let faults = try fixture.faults(text)
    #expect(faults.count == 1)
    #expect(!faults.joined(separator: "\n").contains("s3cr3t"))
  }

  @Test func `the line is shown up to its secret, and the caret stays in front of it`() throws {
    #expect(
      try fixture.faults("api_keys:\n  - {name: a, key: s3cr3t, acounts: []}\n")[0] == """
        penstock.yaml:2:28: error: unknown key `acounts` in an API key
          - {name: a, key: ***
                           ^
        help: did you mean `accounts`?
        """)
  }
}
