import Testing
import Wire

@Suite struct CacheControlTests {
  private func forbids(_ value: String) -> Bool {
    CacheControl.forbidsTransforming(wire(value).span)
  }

  @Test(arguments: [
    "no-transform", "No-Transform", "max-age=0, no-transform", "no-transform,private",
    " ,\t, no-transform ,", "private,no-transform", "x=\"a\\\"b\", no-transform",
    "private=\"a, b\",no-transform", "x=\"\\\\\", no-transform", "no-transform=1",
    "no-transform ;x", "max-age = 1 , no-transform", "x=\"\",no-transform",
  ])
  func `no-transform is found in any case and place`(value: String) {
    #expect(forbids(value))
  }

  @Test(arguments: [
    "", ",", "no-transforms", "xno-transform", "x-no-transform", "no_transform", "no-transfor",
    "no transform", "\"no-transform\"", "private=\"no-transform\"", "x=\"a, no-transform, b\"",
    "x=\"a\\\", no-transform\"", "x=\"a\\\\\\\", no-transform\"", "x=no-transform",
    "x no-transform", "x=\"a, no-transform", "\"", "\"\\", "x=\"\\", "\u{a0}no-transform",
    "max-age=0",
  ])
  func `what only looks like no-transform is not`(value: String) {
    #expect(!forbids(value))
  }

  @Test func `a value that is cut anywhere is read to its end`() {
    let value = wire("private=\"a\\\", b\", max-age=0 , x, no-transform")
    for count in 0...value.count {
      #expect(forbids(text(Array(value[..<count]))) == (count == value.count))
    }
  }
}
