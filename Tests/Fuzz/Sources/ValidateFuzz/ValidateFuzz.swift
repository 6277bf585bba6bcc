import FuzzSupport
import Wire

/// A text validated in one piece, byte by byte and in pieces of every size: always what the
/// scanner says of the whole, and always broken at the same byte.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> Int32 {
  var choices = Choices(start, count)
  let form = choices.byte()
  choices.seed()
  let depthMax = [0, 1, 2, 64, 65, 200, 10_000, .max][Int(form & 7)]
  var text = choices.rest()
  if form & 8 != 0 { text = repeated(text, &choices, max: 20_000) }
  let isValid = (try? JSONScanner.validate(text.span, depthMax: depthMax)) != nil
  let whole = verdict(text, pieceMax: .max, depthMax, &choices)
  precondition(whole.isWhole == isValid)
  let bytewise = verdict(text, pieceMax: 1, depthMax, &choices)
  precondition(bytewise.isWhole == isValid && bytewise.isBroken == whole.isBroken)
  for _ in 0..<3 {
    let cut = verdict(text, pieceMax: choices.size(5000), depthMax, &choices)
    precondition(cut.isWhole == isValid && cut.isBroken == whole.isBroken)
    precondition(!cut.isBroken || cut.last.contains(bytewise.last.lowerBound))
  }
  return 0
}

private struct Verdict {
  var isWhole = false
  var isBroken = false
  /// The piece that was taken last, which is the broken one if there is one.
  var last = 0..<0
}

private func verdict(
  _ text: [UInt8], pieceMax: Int, _ depthMax: Int, _ choices: inout Choices
) -> Verdict {
  var validator = JSONValidator(depthMax: depthMax)
  var verdict = Verdict()
  var position = 0
  while position < text.count, !verdict.isBroken {
    let piece = pieceMax == .max ? text.count : 1 + choices.below(pieceMax)
    let end = min(text.count, position + piece)
    verdict.isBroken = !validator.process(text.span.extracting(position..<end))
    verdict.last = position..<end
    position = end
  }
  precondition(!verdict.isBroken || !validator.process(Span()))
  verdict.isWhole = validator.isWhole
  return verdict
}
