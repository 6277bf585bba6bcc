import Body
import FuzzSupport
import Wire

/// A text escaped in pieces and through rooms of every size: always what the writer makes of the
/// whole, or refused where it is not of its charset. The same through a pipeline that begins with
/// some of the text, held, or to which the stage comes while it runs.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> Int32 {
  var choices = Choices(start, count)
  let form = choices.byte()
  choices.seed()
  let charset = TextEscaper.Charset.allCases[Int(form & 3) % 3]
  var text = choices.rest()
  if form & 4 != 0 { text = repeated(text, &choices, max: 3000) }
  let expected = written(text, charset)
  for _ in 0..<2 {
    // Small, but not so small that one input takes long.
    let pieceMax = max(choices.size(5000), text.count / 30)
    let roomMax = max(choices.size(5000), text.count / 30)
    let bytes = escaped(text, charset, pieceMax: pieceMax, roomMax: roomMax, &choices)
    precondition(bytes == expected)
    let piped = piped(text, charset, pieceMax: pieceMax, roomMax: roomMax, &choices)
    precondition(piped == expected.map { [0x3c] + $0 + [0x3e, 0x3e] })
  }
  return 0
}

/// Nil where the text is not of the charset.
private func written(_ text: [UInt8], _ charset: TextEscaper.Charset) -> [UInt8]? {
  var out = ByteBuffer()
  switch charset {
  case .utf8:
    if !UTF8Validation.isValid(text.span) { return nil }
    JSONWriter.append(content: text.span, into: &out)
  case .latin1: JSONWriter.append(singleBytes: text.span, isWindows1252: false, into: &out)
  case .windows1252: JSONWriter.append(singleBytes: text.span, isWindows1252: true, into: &out)
  }
  return out.withUnsafeBytes { Array($0) }
}

private func escaped(
  _ text: [UInt8], _ charset: TextEscaper.Charset, pieceMax: Int, roomMax: Int,
  _ choices: inout Choices
) -> [UInt8]? {
  var escaper = TextEscaper(charset)
  var all: [UInt8] = []
  var start = 0
  while start < text.count {
    let end = min(text.count, start + 1 + choices.below(pieceMax))
    let piece = text.span.extracting(start..<end)
    var position = 0
    while position < piece.count {
      var out = ByteBuffer()
      let before = position
      let room = 1 + choices.below(roomMax)
      guard escaper.process(piece, &position, into: &out, room: room) else {
        precondition(out.isEmpty && position == before)
        return nil
      }
      precondition(position > before && out.count <= room + 5)
      out.withUnsafeBytes { all += $0 }
    }
    start = end
  }
  return escaper.isWhole ? all : nil
}

/// The same between affixes; in links as small as the pieces.
private func piped(
  _ text: [UInt8], _ charset: TextEscaper.Charset, pieceMax: Int, roomMax: Int,
  _ choices: inout Choices
) -> [UInt8]? {
  let cut = choices.below(text.count + 1)
  var held = buffer(text[..<cut])
  let stages: [any BodyStage] = [
    TextStage(charset), AffixStage(prefix: buffer([0x3c]), suffix: buffer([0x3e, 0x3e])),
  ]
  let pipeline: BodyPipeline
  if choices.below(2) == 0 {
    pipeline = BodyPipeline(stages, held: &held, linkBytes: pieceMax)
  } else {
    let before = AffixStage(prefix: ByteBuffer(), suffix: ByteBuffer())
    pipeline = BodyPipeline([before], linkBytes: pieceMax)
    pipeline.append(stages, held: &held)
  }
  defer { pipeline.close() }
  var all: [UInt8] = []
  var position = cut
  while true {
    let end = min(text.count, position + choices.below(pieceMax + 1))
    let piece = text.span.extracting(position..<end)
    let isEnd = position == text.count
    let isFlush = choices.below(4) == 0
    let room = 1 + choices.below(roomMax)
    var out = ByteBuffer()
    var taken = 0
    let progress =
      isFlush
      ? pipeline.flush(into: &out, room: room)
      : isEnd
        ? pipeline.finish(into: &out, room: room)
        : pipeline.process(piece, &taken, into: &out, room: room)
    if case .failed = progress { return nil }
    precondition(out.count <= room + 5)
    out.withUnsafeBytes { all += $0 }
    position += taken
    if isEnd, !isFlush, progress == .needsInput { return all }
  }
}

private func buffer(_ bytes: some Collection<UInt8>) -> ByteBuffer {
  var buffer = ByteBuffer()
  buffer.append(Array(bytes))
  return buffer
}
