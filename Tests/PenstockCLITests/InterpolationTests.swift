import Testing

@testable import PenstockCLI

@Suite struct InterpolationTests {
  private let fixture: Fixture
  private let source: SourceText

  init() throws {
    fixture = try Fixture()
    source = SourceText(path: fixture.folder + "/penstock.yaml", text: "")
  }

  private func expand(_ text: String) throws(Interpolation.Fault) -> String {
    let values = [
      "A": "one", "EMPTY": "", "NESTED": "${env:A}", "CREDENTIALS_DIRECTORY": fixture.folder,
    ]
    return try Interpolation(environment: EnvironmentSecrets(values: values))
      .expanded(text, in: source)
  }

  @Test(arguments: [
    ("plain", "plain"), ("${env:A}", "one"), ("x${env:A}y${env:A}z", "xoneyonez"),
    ("${env:B:-two}", "two"), ("${env:EMPTY:-two}", "two"), ("${env:B:-a:b}", "a:b"),
    ("$$", "$"), ("$${env:A}", "${env:A}"), ("$$$$", "$$"), ("pa$word$", "pa$word$"),
  ])
  func `a text is filled in`(text: String, expected: String) throws {
    #expect(try expand(text) == expected)
  }

  @Test func `what is filled in is not looked at again`() throws {
    #expect(try expand("${env:NESTED}") == "${env:A}")
  }

  @Test(arguments: [
    ("${env:B}", Interpolation.Fault.unset("B")),
    ("${env:EMPTY}", .empty("the environment variable `EMPTY`")),
    ("${env:B:-}", .empty("the default of `B`")), ("${env:A", .unterminated),
    ("${A}", .scheme), ("${vault:A}", .scheme), ("${}", .scheme), ("${env:}", .name),
    ("${env:A B}", .name), ("${credential:..}", .name), ("${credential:a/b}", .name),
  ])
  func `what cannot be filled in is a fault`(text: String, fault: Interpolation.Fault) {
    #expect(throws: fault) { try expand(text) }
  }

  @Test func `a file gives its text without the last newline`() throws {
    try fixture.write("one", "secret\n")
    try fixture.write("two", "secret\n\n")
    try fixture.write("three", "secret\r\n")
    #expect(try expand("${file:one}") == "secret")
    #expect(try expand("${file:\(fixture.folder)/two}") == "secret\n")
    #expect(try expand("${file:three}") == "secret")
    #expect(try expand("${credential:one}") == "secret")
  }

  @Test func `a file that is missing, empty, too large or none is a fault`() throws {
    let folder = fixture.folder
    try fixture.write("empty", "\n")
    try fixture.write("large", String(repeating: "x", count: 65_537))
    #expect(throws: Interpolation.Fault.file("\(folder)/gone", .notFound)) {
      try expand("${file:gone}")
    }
    #expect(throws: Interpolation.Fault.empty("`\(folder)/empty`")) { try expand("${file:empty}") }
    #expect(throws: Interpolation.Fault.file("\(folder)/large", .tooLarge)) {
      try expand("${file:large}")
    }
    #expect(throws: Interpolation.Fault.file("/dev/zero", .notRegular)) {
      try expand("${file:/dev/zero}")
    }
    #expect(throws: Interpolation.Fault.file("\(folder)/.", .notRegular)) {
      try expand("${file:.}")
    }
  }
}
