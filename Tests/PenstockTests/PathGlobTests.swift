import Foundation
import Testing
import Wire

@testable import Penstock

@Suite struct PathGlobTests {
  private func matches(_ glob: String, _ path: String) throws -> Bool {
    let glob = try PathGlob(parsing: glob)
    var normalized = ByteBuffer()
    let isWhole = PathGlob.normalize(Array(path.utf8).span, into: &normalized)
    #expect(isWhole, "\(path)")
    return glob.matches(normalized.span)
  }

  private func fault(_ glob: String) -> PathGlob.Fault? {
    do throws(PathGlob.Fault) {
      _ = try PathGlob(parsing: glob)
      return nil
    } catch {
      return error
    }
  }

  // MARK: What a glob means

  @Test(arguments: [
    ("/user", "/user"), ("/", "/"), ("/repos/", "/repos/"), ("/*", "/"), ("/*", "/a/b/c"),
    ("/**", "/a"), ("/repos/*", "/repos/a"), ("/repos/*", "/repos/a/b/issues"),
    ("/repos/*", "/repos/"), ("/repos/**", "/repos/a/b"), ("/repos/*/issues", "/repos/a/issues"),
    ("/repos/*/*/issues", "/repos/a/b/issues"), ("/v*/x", "/v1/x"), ("/v*/x", "/v/x"),
    ("/a*b*c", "/aXbYc"), ("/a*b*c", "/abbc"), ("/*.json", "/x.json"),
    ("/repos/**/issues", "/repos/issues"), ("/repos/**/issues", "/repos/a/b/c/issues"),
    ("/a/**/b/**/c", "/a/b/x/b/c"), ("/a/**/b/*/c", "/a/b/b/x/c"), ("/**/x", "/x"),
    ("/a/*/c/*", "/a/b/c/d/e"), ("/caf\u{e9}/*", "/caf%C3%A9/x"), ("/a b", "/a%20b"),
    ("/%61%2A", "/a*"), ("/a%2fb", "/a%2Fb"), ("/100%25", "/100%25"), ("/a;v=1/x", "/a;v=1/x"),
    ("/v1./x", "/v1./x"), ("/x@y", "/x%40y"),
  ])
  func `a glob matches what it looks like`(glob: String, path: String) throws {
    #expect(try matches(glob, path))
  }

  @Test(arguments: [
    ("/user", "/user/"), ("/user", "/users"), ("/user", "/User"), ("/user", "/"),
    ("/user", "/x/user"),
    ("/repos/*", "/repos"), ("/repos/*", "/repo/a"), ("/repos/*", "/reposx/a"),
    ("/repos/*", "/Repos/a"), ("/repos/*", "//repos/a"), ("/repos/*", "/x/repos/a"),
    ("/repos/*/issues", "/repos/issues"), ("/repos/*/issues", "/repos/a/b/issues"),
    ("/repos/*/issues", "/repos/a/issues/1"), ("/repos/*/issues", "/repos/a/issues/"),
    ("/repos/*/issues", "/repos//issues"), ("/v*/x", "/v1/2/x"), ("/a*", "/a/b"),
    ("/repos/**/issues", "/repos/a/issue"), ("/a/**/b/*/c", "/a/b/c"), ("/%2A", "/a"),
    ("/", "/a"), ("/a/", "/a"), ("/a/**/", "/a"),
  ])
  func `a glob does not match what it does not look like`(glob: String, path: String) throws {
    #expect(try !matches(glob, path))
  }

  // MARK: Paths that want to slip through

  @Test(arguments: [
    ("/repos/*", "/%72epos/x"), ("/repos/*", "/%72%65%70%6F%73/x"), ("/repos/*", "/%72epo%73/%78"),
    ("/repos/*/x", "/repos/%7e%2D/x"),
  ])
  func `an encoded letter is that letter`(glob: String, path: String) throws {
    #expect(try matches(glob, path))
  }

  @Test(arguments: [
    "/repos/a%2Fdelete/issues", "/repos/a%2fdelete/issues", "/repos/a%5Cdelete/issues",
    "/repos/a%252Fdelete/issues", "/repos/a%25%32%46delete/issues", "/repos/a;/issues",
    "/repos/a;v=1/issues", "/repos/a%3b/issues", "/repos/a%3Fdelete/issues",
    "/repos/a%23/issues", "/repos/a./issues", "/repos/a%2e/issues", "/repos/.../issues",
    "/repos/a%20/issues", "/repos/a.%20/issues", "/repos//issues", "/repos//a/issues",
    "/repos/a//issues", "/repos/a/issues;x", "/repos/a/issues.", "/repos/a/issues%20",
    "/repos/a/issues%2F", "/repos/a/issues%2Fx", "/repos%2Fa/issues", "/repos%2fa%2fissues",
    "/repos;x/a/issues", "/repos./a/issues", "/repos/a%2500/issues", "/;/repos/a/issues",
    "/repos/a/issues%3Fx", "/repos/a/issues%2523",
  ])
  func `what servers read in different ways does not pass a star`(path: String) throws {
    #expect(try !matches("/repos/*/issues", path))
    if !path.hasPrefix("/repos/a%2") || !path.hasSuffix("delete/issues") || path.contains("%25") {
      #expect(try !matches("/repos/**/issues", path))
    }
  }

  @Test(arguments: [
    "/repos/a%2Fb/issues", "/repos/a%252Fdelete", "/repos/;x", "/repos/a;v=1/x", "/repos/.../x",
    "/repos//x", "/repos/a%3Fx", "/repos/a.", "/repos/%2F", "/repos/%5C..x",
  ])
  func `below what stands for all that follows every reading is allowed`(path: String) throws {
    #expect(try matches("/repos/*", path))
    #expect(try matches("/repos/**", path))
    #expect(try !matches("/user/*", path))
  }

  @Test func `an encoded slash is one or more segments`() throws {
    #expect(try matches("/projects/**/issues", "/projects/group%2Fname/issues"))
    #expect(try !matches("/projects/*/issues", "/projects/group%2Fname/issues"))
    #expect(try matches("/projects/group%2Fname/issues", "/projects/group%2fname/issues"))
    #expect(try !matches("/projects/group/name/issues", "/projects/group%2Fname/issues"))
    #expect(try !matches("/projects/g%2F*/issues", "/projects/g%2Fa%2Fdelete/issues"))
  }

  // MARK: What is no glob

  @Test(
    arguments: [
      ("", .noSlash), ("repos/*", .noSlash), ("*", .noSlash), ("https://x/", .noSlash),
      ("/a?b", .character), ("/a#b", .character), ("/a\\b", .character), ("/a\nb", .character),
      ("/%", .escape), ("/%zz", .escape), ("/a%0", .escape), ("/%00", .escape), ("/%7F", .escape),
      ("/.", .dotSegment), ("/a/../b", .dotSegment), ("/%2e%2E/b", .dotSegment),
      ("//", .emptySegment), ("/a//b", .emptySegment), ("/a**", .stars), ("/***", .stars),
      ("/a/**b/c", .stars),
    ] as [(String, PathGlob.Fault)])
  func `what can match nothing, or not what it seems to, is a fault`(
    glob: String, expected: PathGlob.Fault
  ) {
    #expect(fault(glob) == expected)
  }

  @Test(arguments: ["/%u002f", "/%", "/a%2", "/%0d%0a", "/%00"])
  func `a path with a broken encoding has no form to compare`(path: String) {
    var normalized = ByteBuffer()
    let isWhole = PathGlob.normalize(Array(path.utf8).span, into: &normalized)
    #expect(!isWhole)
  }

  // MARK: Against every reading

  /// The glob in its plain meaning, for a path that has only one.
  private static func expression(_ glob: String) throws -> NSRegularExpression {
    let parts = glob.dropFirst().components(separatedBy: "/")
    var pattern = "^"
    for (index, part) in parts.enumerated() {
      let isLast = index == parts.count - 1
      if isLast, part == "*" || part == "**" {
        pattern += "/.*"
      } else if part == "**" {
        pattern += "(?:/.*)?"
      } else {
        let runs = part.components(separatedBy: "*").map(NSRegularExpression.escapedPattern)
        pattern += "/" + runs.joined(separator: "[^/]*")
      }
    }
    return try NSRegularExpression(
      pattern: pattern + "$", options: [.dotMatchesLineSeparators])
  }

  /// What servers make of a path, an encoded letter being a letter to all of them: decoded up to
  /// twice, then cut at what it takes for the query, without parameters or cut at the first, with
  /// slashes merged, without dots at a segment's end.
  private static func readings(of path: String) -> Set<String> {
    var readings: Set<String> = []
    for decodings in 0...2 {
      var text = path.replacing("%61", with: "a").replacing("%62", with: "b")
        .replacing("%2e", with: ".")
      for _ in 0..<decodings { text = text.removingPercentEncoding ?? text }
      if decodings > 0 { text = text.replacing("\\", with: "/") }
      for isCut in decodings == 0 ? [false] : [false, true] {
        let end = isCut ? text.firstIndex { $0 == "?" || $0 == "#" } : nil
        for parameters in 0...2 {
          let cut = Self.withoutParameters(String(text[..<(end ?? text.endIndex)]), parameters)
          for isTrimmed in [false, true] {
            let trimmed = isTrimmed ? Self.withoutDots(cut) : cut
            readings.insert(trimmed)
            readings.insert(Self.merged(trimmed))
          }
        }
      }
    }
    return readings
  }

  private static func withoutParameters(_ path: String, _ how: Int) -> String {
    switch how {
    case 0: path
    case 1:
      path.components(separatedBy: "/").map { String($0.prefix { $0 != ";" }) }
        .joined(separator: "/")
    default: String(path.prefix { $0 != ";" })
    }
  }

  private static func withoutDots(_ path: String) -> String {
    path.components(separatedBy: "/").map { segment in
      var segment = segment[...]
      while segment.hasSuffix(".") || segment.hasSuffix(" ") { segment = segment.dropLast() }
      return String(segment)
    }.joined(separator: "/")
  }

  private static func merged(_ path: String) -> String {
    path.replacing(/\/+/, with: "/")
  }

  @Test func `what is allowed is allowed in every reading`() throws {
    var random = ExecuteTestRandom(for: "PathGlob")
    let words = ["a", "b", "ab", "*", "**", "a*", "*b", "a*b"]
    let pieces = [
      "a", "b", "ab", "/", "/", "/", "%2F", "%2f", "%5C", "%3F", "%23", "%3b", ";", "%252F",
      "%253F", "%25", ".", "%2e", "%20", "%61", "%62", "x",
    ]
    var allowed = 0
    for _ in 0..<20_000 {
      let glob =
        "/"
        + (0...random.below(4)).map { _ in words[random.below(words.count)] }
        .joined(separator: "/")
      let path =
        "/"
        + (0...random.below(8)).map { _ in pieces[random.below(pieces.count)] }
        .joined()
      var rule = PathRule()
      guard rule.fault(in: Array(path.utf8).span) == nil, try matches(glob, path) else { continue }
      allowed += 1
      let expression = try Self.expression(glob)
      for reading in Self.readings(of: path) {
        let range = NSRange(reading.startIndex..., in: reading)
        let isAllowed = expression.firstMatch(in: reading, range: range) != nil
        #expect(isAllowed, "\(glob) allows \(path), which some read as \(reading)")
      }
    }
    #expect(allowed > 500, "the paths are too strange to say anything")
  }

  @Test func `a plain path is matched exactly as the expression says`() throws {
    var random = ExecuteTestRandom(for: "PathGlob plain")
    let words = ["a", "b", "ab", "*", "**", "a*", "*b", "a*b", "*a*b*"]
    let names = ["a", "b", "ab", "aab", "ba", "abab"]
    for _ in 0..<20_000 {
      let glob =
        "/"
        + (0...random.below(4)).map { _ in words[random.below(words.count)] }
        .joined(separator: "/")
      let path =
        "/"
        + (0...random.below(5)).map { _ in names[random.below(names.count)] }
        .joined(separator: "/")
      let range = NSRange(path.startIndex..., in: path)
      let expected = try Self.expression(glob).firstMatch(in: path, range: range) != nil
      #expect(try matches(glob, path) == expected, "\(glob) \(path)")
    }
  }

  @Test func `the worst glob and the longest path are done in a moment`() throws {
    let glob = try PathGlob(parsing: "/**/*a*a*a*b/**/*a*a*b/**/x")
    for path in ["/" + String(repeating: "a", count: 8191), String(repeating: "/a", count: 4096)] {
      let bytes = Array(path.utf8)
      var isMatch = true
      let took = ContinuousClock().measure { isMatch = glob.matches(bytes.span) }
      #expect(!isMatch)
      #expect(took < .seconds(1), "\(took)")
    }
  }
}
