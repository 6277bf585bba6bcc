import Foundation
import Testing

/// What the documents promise about the files.
@Suite struct DocumentTests {
  @Test func `every source file stands in the reading order`() throws {
    let architecture = try #require(Repository.file("ARCHITECTURE.md")).text
    for file in Repository.sources {
      let path = file.path.dropFirst("Sources/".count)
      #expect(architecture.contains("`\(path)`"), "ARCHITECTURE.md does not name \(path)")
    }
  }

  @Test func `the reading order names no file that is gone`() throws {
    let architecture = try #require(Repository.file("ARCHITECTURE.md")).text
    let known = Set(Repository.sources.map { String($0.path.dropFirst("Sources/".count)) })
    for match in architecture.matches(of: /`([A-Z][A-Za-z]+\/[A-Za-z0-9\/]+\.swift)`/) {
      #expect(known.contains(String(match.1)), "there is no \(match.1)")
    }
  }

  @Test func `every link between documents leads to a file`() {
    for file in Repository.texts where file.path.hasSuffix(".md") {
      let folder = Repository.root.appendingPathComponent(file.path).deletingLastPathComponent()
      for match in file.text.matches(of: /\]\(([^):#]+)\)/) {
        let target = folder.appendingPathComponent(String(match.1)).path
        #expect(FileManager.default.fileExists(atPath: target), "\(file.path): \(match.1)")
      }
    }
  }

  @Test func `every make target is described`() throws {
    let makefile = try #require(Repository.file("Makefile")).text
    let contributing = try #require(Repository.file("CONTRIBUTING.md")).text
    for match in makefile.matches(of: /\n([a-z]+):/) {
      #expect(contributing.contains("`make \(match.1)`"), "CONTRIBUTING.md: make \(match.1)")
    }
  }
}
