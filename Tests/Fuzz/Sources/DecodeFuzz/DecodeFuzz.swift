import Body
import CSystem
import FuzzSupport
import Wire

private struct Outcome: Equatable {
  var out: [UInt8] = []
  var fault: StageFault?
}

/// A body decoded in one piece and in many: the same bytes and the same verdict; and what passes
/// has the check that zlib counts.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> Int32 {
  var choices = Choices(start, count)
  let form = choices.byte()
  let coding: ContentCoding = form & 1 == 0 ? .gzip : .deflate
  let body = form & 2 == 0 ? data(&choices) : wrapped(coding, &choices, form)
  let whole = decode(coding, body, pieceMax: .max, roomMax: 1 << 20, &choices)
  for _ in 0..<3 {
    // Small, but not so small that one input takes seconds.
    let pieceMax = max(choices.size(50000), body.count / 300)
    let roomMax = max(choices.size(50000), whole.out.count / 300)
    let cut = decode(coding, body, pieceMax: pieceMax, roomMax: roomMax, &choices)
    precondition(cut.fault == whole.fault)
    // Behind a fault, how far the output went may differ.
    if whole.fault == nil { precondition(cut == whole) }
  }
  return 0
}

/// Members around data that may be broken, with the check of what zlib makes of it.
private func wrapped(_ coding: ContentCoding, _ choices: inout Choices, _ form: UInt8) -> [UInt8] {
  var body: [UInt8] = []
  let data = data(&choices)
  let out = Face.zlib.inflated(data, &choices).out
  for _ in 0...(Int(form >> 2) & 3) {
    if coding == .deflate {
      let sum = out.isEmpty ? 1 : cs_zlib_adler32(1, out, out.count)
      return [0x78, 0x9c] + data + littleEndian(sum).reversed()
    }
    let flags = UInt8(choices.below(32))
    body += [0x1f, 0x8b, 8, flags & 0x1c, 0, 0, 0, 0, 0, 0xff]
    if flags & 4 != 0 { body += [2, 0, 1, 0] }
    if flags & 8 != 0 { body += [0x61, 0] }
    if flags & 16 != 0 { body += [0] }
    body += data
    body += littleEndian(out.isEmpty ? 0 : cs_zlib_crc32(0, out, out.count))
    body += littleEndian(UInt32(truncatingIfNeeded: out.count))
  }
  if form & 16 != 0 { body += [UInt8](repeating: 0, count: choices.below(40)) }
  if form & 32 != 0 { body.removeLast(choices.below(body.count)) }
  if form & 64 != 0 { body[choices.below(body.count)] ^= 1 << UInt8(choices.below(8)) }
  return body
}

private func decode(
  _ coding: ContentCoding, _ body: [UInt8], pieceMax: Int, roomMax: Int, _ choices: inout Choices
) -> Outcome {
  let limits = DecodeLimits(ratio: .max, headerBytes: 100, membersMax: 3)
  let pool = CodingPool(contextsMax: 1)
  guard let inflater = pool.takeInflater() else { preconditionFailure("no memory") }
  let stage = DecodeStage(coding, inflater, pool, limits)
  defer { stage.close() }
  var outcome = Outcome()
  var position = 0
  var isEnding = body.isEmpty
  var stalls = 0
  while true {
    let piece = pieceMax == .max ? body.count - position : choices.below(pieceMax + 1)
    let input = Array(body[position..<min(body.count, position + piece)])
    let room = pieceMax == .max ? roomMax : 1 + choices.below(roomMax)
    var out = ByteBuffer()
    var taken = 0
    let progress =
      isEnding
      ? stage.finish(into: &out, room: room)
      : stage.process(input.span, &taken, into: &out, room: room)
    position += taken
    out.withUnsafeBytes { outcome.out += $0 }
    precondition(out.count <= room)
    stalls = taken == 0 && out.isEmpty && piece > 0 ? stalls + 1 : 0
    precondition(stalls < 4, "does not move")
    switch progress {
    case .failed(let fault):
      outcome.fault = fault
      return outcome
    case .full: continue
    case .needsInput:
      if isEnding { return outcome }
      precondition(taken == input.count)
      isEnding = position == body.count
    }
  }
}

private func littleEndian(_ value: UInt32) -> [UInt8] {
  withUnsafeBytes(of: value.littleEndian) { Array($0) }
}
