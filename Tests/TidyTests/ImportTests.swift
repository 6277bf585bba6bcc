import Testing

/// Which room may import what: the arrows of ARCHITECTURE.md. Nothing runs back up.
@Suite struct ImportTests {
  private static let permitted: [String: Set<String>] = [
    "Wire": ["Glibc", "Synchronization"],
    "EventLoop": ["CSystem", "Glibc", "Synchronization"],
    "Telemetry": ["Wire", "PrometheusModel", "SwiftProtobuf", "Glibc", "Synchronization"],
    "Body": ["Wire", "CSystem", "Glibc"],
    "Upstream": ["EventLoop", "Wire", "CSystem", "Glibc"],
    "TestOrigin": ["EventLoop", "Wire", "Glibc", "Synchronization"],
    "Penstock": [
      "Upstream", "EventLoop", "Telemetry", "Body", "Wire", "CSystem", "Glibc", "Synchronization",
    ],
    "PenstockCLI": [
      "Penstock", "TestOrigin", "Upstream", "Yams", "ArgumentParser", "Glibc", "Foundation",
      "Synchronization",
    ],
    "PenstockBench": [
      "TestOrigin", "EventLoop", "Wire", "Telemetry", "ArgumentParser", "Histogram", "Glibc",
      "Synchronization",
    ],
  ]

  /// Files that may use what the rest of their room may not.
  private static let narrower: [String: [String: Set<String>]] = [
    "CSystem": [
      // Dialling.
      "Upstream": ["Dial.swift", "Dialer.swift"],
      // The library of a content coding, chosen at build time.
      "Body": ["DeflateLibrary.swift", "Deflater.swift", "Inflater.swift"],
      // Digests, a search for secrets and random numbers.
      "Penstock": [
        "KeyDigest.swift", "CredentialInjector.swift", "RequestIDs.swift", "SigningKey.swift",
        "FileID.swift",
      ],
    ],
    "Upstream": ["PenstockCLI": ["AccountUpstreamReader.swift"]],
    "TestOrigin": ["PenstockBench": ["OriginCommand.swift"]],
    "Yams": ["PenstockCLI": ["YAMLDocument.swift"]],
    "PrometheusModel": ["Telemetry": ["ProtobufExposition.swift"]],
    "SwiftProtobuf": ["Telemetry": ["ProtobufExposition.swift"]],
  ]

  @Test func `every room imports only what lies below it`() {
    for file in Repository.sources where file.room != "CSystem" {
      let permitted = Self.permitted[file.room] ?? []
      for module in Self.imports(of: file) {
        #expect(permitted.contains(module), "\(file.path) imports \(module)")
      }
    }
  }

  @Test func `some imports are for a few files only`() {
    for (module, rooms) in Self.narrower {
      for file in Repository.sources {
        guard let permitted = rooms[file.room], Self.imports(of: file).contains(module) else {
          continue
        }
        let name = String(file.path.split(separator: "/").last ?? "")
        #expect(permitted.contains(name), "\(file.path) imports \(module)")
      }
    }
  }

  private static func imports(of file: SourceFile) -> [String] {
    file.lines.compactMap { line in
      let words = line.split(separator: " ")
      guard let place = words.firstIndex(of: "import"), place + 1 < words.count,
        words[..<place].allSatisfy({ $0.hasPrefix("@") || $0 == "public" || $0 == "internal" })
      else { return nil }
      return words[place + 1].split(separator: ".").first.map(String.init)
    }
  }
}
