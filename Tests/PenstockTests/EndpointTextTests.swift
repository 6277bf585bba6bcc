import Testing
import Wire

@testable import Penstock

@Suite struct EndpointTextTests {
  private func namesKey(_ endpoint: String) -> Bool {
    let name = Array("api_key".utf8)
    return EndpointText.queryNames(Array(endpoint.utf8).span, contain: name.span)
  }

  @Test(arguments: [
    ("/a/b?c", "/a/b?c"), ("https://good.com/a?b", "/a?b"), ("https://u:secret@good.com/a", "/a"),
    ("https://u:secret@good.com", ""), ("https://good.com?q=1", "?q=1"), ("x", "x"), ("", ""),
    ("/a://b", "/a://b"), ("?a=https://x/", "?a=https://x/"), ("https:/", "https:/"),
    ("://u:secret@h/a", "/a"),
  ])
  func `the path is all but scheme, user and host`(endpoint: String, expected: String) {
    let bytes = Array(endpoint.utf8)
    #expect(text(EndpointText.path(bytes.span)) == expected)
  }

  @Test(
    arguments: [
      ("/a", 0x3f), ("/a?", nil), ("/a?b", 0x26), ("/a?b&", nil), ("?", nil), ("", 0x3f),
      ("/a&b", 0x3f),
    ] as [(String, UInt8?)])
  func `one more query parameter gets the mark that it needs`(target: String, mark: UInt8?) {
    #expect(EndpointText.nextQueryMark(Array(target.utf8).span) == mark)
  }

  @Test(arguments: [
    "/x?api_key=1", "/x?a&api_key", "/x?API_KEY=1", "/x?Api%5fKey=1", "/x?%61pi_key=1",
    "https://good.com/x?b=1&api_key=2", "?api_key", "/x?a=b&&api_key=",
  ])
  func `a parameter is found in any case and encoding`(endpoint: String) {
    #expect(namesKey(endpoint))
  }

  @Test(arguments: [
    "/api_key", "/api_key=1", "/x?a=api_key", "/x?api_keys=1", "/x?my_api_key=1", "/x?api-key=1",
    "/x?", "", "/x?api_key%3d1", "/x?api%255fkey=1",
  ])
  func `another parameter is another`(endpoint: String) {
    #expect(!namesKey(endpoint))
  }
}
