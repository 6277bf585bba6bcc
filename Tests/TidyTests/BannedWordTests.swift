import Testing

/// Words that must not stand in the project, or only where there is a reason.
///
/// They are written with a bar here, which is taken out, so that this file passes its own test.
@Suite struct BannedWordTests {
  /// Nothing speaks of the machine that it was written on, of a registry, or of what is undone.
  private static let everywhere = [
    "/wo|rk/", "/ro|ot/", "/ho|me/", "TO|DO", "FIX|ME", "HA|CK", "py|pi.org",
    "python|hosted.org", "registry.np|mjs", "crat|es.io", "proxy.gol|ang", "dock|er.io",
  ].map { $0.filter { $0 != "|" } }

  @Test func `the project speaks of itself only`() {
    for file in Repository.texts {
      for word in Self.everywhere {
        let places = file.places { $0.contains(word) }
        #expect(places.isEmpty, "\(word): \(places)")
      }
    }
  }

  @Test func `nothing traps on an error`() {
    let word = "tr|y!".filter { $0 != "|" }
    for file in Repository.sources + Repository.tests {
      #expect(file.places { $0.contains(word) }.isEmpty, "\(file.path): \(word)")
    }
  }

  /// Out of memory nothing sane is left to do; see ARCHITECTURE.md, Decisions.
  private static let mayGiveUp: Set = [
    "Sources/Wire/ByteBuffer.swift", "Sources/Telemetry/ZeroedPages.swift",
  ]

  @Test func `nothing gives up but without memory`() {
    let word = "fatal|Error(".filter { $0 != "|" }
    for file in Repository.sources where !Self.mayGiveUp.contains(file.path) {
      #expect(file.places { $0.contains(word) }.isEmpty, "\(file.path): \(word)")
    }
  }

  @Test func `only commands print`() {
    for file in Repository.sources
    where file.room != "PenstockCLI" && file.room != "PenstockBench" {
      let places = file.places { SourceFile.code($0).contains(/\bprint\(/) }
      #expect(places.isEmpty, "\(places)")
    }
  }

  @Test func `everything that is Sendable unchecked is proved`() {
    let word = "@unchecked Send|able".filter { $0 != "|" }
    for file in Repository.sources + Repository.tests {
      let lines = file.lines
      for index in lines.indices where lines[index].contains(word) {
        let around = lines[max(0, index - 4)...min(lines.count - 1, index + 2)]
        let isProved = around.contains { $0.contains("// Sendable:") }
        #expect(isProved, "\(file.path):\(index + 1): no line `// Sendable: …`")
      }
    }
  }

  @Test func `only the injector reads secrets, and what the log knows them by`() {
    let permitted = [
      "Sources/Penstock/Accounts/CredentialInjector.swift",
      "Sources/Penstock/Accounts/SecretForms.swift",
    ]
    for file in Repository.sources where !permitted.contains(file.path) {
      let places = file.places {
        SourceFile.code($0).contains(/\bwithBytes\b/) && !$0.contains("func withBytes")
          && !$0.contains("//")
      }
      #expect(places.isEmpty, "\(places)")
    }
  }
}
