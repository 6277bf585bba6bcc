import Testing
import Wire

@Suite struct UTF8ValidationTests {
  @Test func agreesWithTheStandardLibraryOnEveryShortSequence() {
    let edges: [UInt8] = [
      0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1,
      0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff,
    ]
    for first in edges {
      for second in edges {
        for third in edges {
          for fourth in edges { check([first, second, third, fourth]) }
          check([first, second, third])
        }
        check([first, second])
      }
      check([first])
    }
    check([])
  }

  @Test func agreesWithTheStandardLibraryOnMutations() {
    var random = JSONTestRandom(for: "agreesWithTheStandardLibraryOnMutations")
    let text = Array("plain ascii of some length é € 😀 and more of it \u{10ffff}\u{fffd}".utf8)
    for count in 0...text.count { check(Array(text[..<count])) }
    for _ in 0..<20_000 { check(random.mutated(text, alphabet: [0x80, 0xbf, 0xc3, 0xed, 0xf4])) }
  }

  private func check(_ bytes: [UInt8]) {
    let isValid = String(validating: bytes, as: UTF8.self) != nil
    let agrees =
      UTF8Validation.isValid(bytes.span) == isValid
      && isValidInPieces(bytes, Cuts.whole(bytes)) == isValid
      && isValidInPieces(bytes, Cuts.everyByte(bytes)) == isValid
      && isValidInPieces(bytes, [bytes.count / 2, bytes.count]) == isValid
    #expect(agrees, "\(bytes)")
  }

  private func isValidInPieces(_ bytes: [UInt8], _ cuts: [Int]) -> Bool {
    var validator = UTF8Validator()
    var start = 0
    for cut in cuts {
      guard validator.process(bytes.span.extracting(start..<cut)) else {
        let isStillBroken = !validator.isWhole && !validator.process(Span())
        if !isStillBroken { Issue.record("whole again behind a fault: \(bytes)") }
        return false
      }
      start = cut
    }
    return validator.isWhole
  }

  @Test func refusesAByteAsSoonAsNoCharacterHasIt() {
    for sequence in [[0xff], [0x80], [0xc0], [0xe0, 0x80], [0xed, 0xa0], [0xf4, 0x90]] as [[UInt8]]
    {
      var validator = UTF8Validator()
      let bytes = sequence.span
      let isGoodBefore = validator.process(bytes.extracting(droppingLast: 1))
      let isGoodWithIt = validator.process(bytes.extracting(last: 1))
      #expect(isGoodBefore && !isGoodWithIt, "\(sequence)")
    }
  }
}
