import Body
import CSystem
import FuzzSupport
import Wire

/// A body encoded in pieces, with flushes and rooms of every size: zlib reads the same body, and
/// after each flush all that was put in.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> Int32 {
  var choices = Choices(start, count)
  let form = choices.byte()
  choices.seed()
  let coding: ContentCoding = form & 1 == 0 ? .gzip : .deflate
  var body = choices.rest()
  let (pieceMax, roomMax) = (choices.size(100_000), choices.size(100_000))
  if form & 2 != 0 { body = repeated(body, &choices, max: 1000 * min(pieceMax, roomMax, 200)) }
  let pool = CodingPool(contextsMax: 1)
  guard let deflater = pool.takeDeflater(level: 1 + 4 * (Int(form >> 2) % 3)) else {
    preconditionFailure("no memory")
  }
  let stage = EncodeStage(coding, deflater, pool)
  defer { stage.close() }
  let headBytes = coding == .gzip ? 10 : 2
  var checksLeft = 4
  var encoded: [UInt8] = []
  var position = 0
  while position < body.count {
    let piece = Array(body[position..<min(body.count, position + 1 + choices.below(pieceMax))])
    var taken = 0
    call(&encoded, roomMax, &choices) { out, room in
      stage.process(piece.span, &taken, into: &out, room: room)
    }
    precondition(taken == piece.count)
    position += taken
    if form & 16 != 0, choices.below(3) == 0 {
      call(&encoded, roomMax, &choices) { out, room in stage.flush(into: &out, room: room) }
      if checksLeft == 0 { continue }
      checksLeft -= 1
      let data = Array(encoded.dropFirst(headBytes))
      let readable = Face.zlib.inflated(data, &choices)
      precondition(readable.out.count > 1 << 20 || readable.out.elementsEqual(body[..<position]))
    }
  }
  call(&encoded, roomMax, &choices) { out, room in stage.finish(into: &out, room: room) }
  let data = Face.zlib.inflated(Array(encoded.dropFirst(headBytes)), &choices)
  if data.out.count > 1 << 20 { return 0 }
  precondition(data.result == CS_INFLATE_END && data.out == body)
  precondition(encoded.count - headBytes - data.taken == (coding == .gzip ? 8 : 4))
  return 0
}

/// Calls until the stage wants nothing more.
private func call(
  _ encoded: inout [UInt8], _ roomMax: Int, _ choices: inout Choices,
  _ stage: (inout ByteBuffer, Int) -> StageProgress
) {
  var stalls = 0
  while true {
    var out = ByteBuffer()
    let room = 1 + choices.below(roomMax)
    let progress = stage(&out, room)
    precondition(out.count <= room + 40)
    out.withUnsafeBytes { encoded += $0 }
    stalls = out.isEmpty ? stalls + 1 : 0
    precondition(stalls < 4, "does not move")
    if progress == .needsInput { return }
    precondition(progress == .full)
  }
}
