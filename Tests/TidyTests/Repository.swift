import Foundation

/// The files of the repository that this test was built in.
enum Repository {
  static let root = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// Those that people write: what protoc makes has its own manners.
  static let sources = swiftFiles(in: "Sources").filter { !$0.path.hasSuffix(".pb.swift") }
  static let tests = swiftFiles(in: "Tests")

  private static func swiftFiles(in folder: String) -> [SourceFile] {
    files(in: folder).filter { $0.path.hasSuffix(".swift") }
  }

  /// Everything that is the project's own text, by path; what git ignores is left out.
  static let texts: [SourceFile] =
    ["Sources", "Tests", "conf", "benchmarks", "dashboards", ".ci"].flatMap(files)
    + [
      ".gitignore", ".swift-format", "ARCHITECTURE.md", "CONTRIBUTING.md", "Makefile",
      "Package.swift", "README.md",
    ].compactMap(file)

  static func file(_ path: String) -> SourceFile? {
    let url = root.appendingPathComponent(path)
    guard let text = try? String(contentsOf: url, encoding: .utf8) else { return nil }
    return SourceFile(path: path, text: text)
  }

  private static func files(in folder: String) -> [SourceFile] {
    let found = FileManager.default.enumerator(atPath: root.appendingPathComponent(folder).path)
    let paths = (found?.allObjects as? [String] ?? []).filter { !$0.contains("__pycache__") }
    return paths.sorted().compactMap { file("\(folder)/\($0)") }
  }
}
