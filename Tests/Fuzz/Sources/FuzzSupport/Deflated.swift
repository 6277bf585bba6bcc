import CSystem

/// Deflates with zlib; level 0 stores.
public func deflated(_ bytes: [UInt8], level: Int) -> [UInt8] {
  guard let context = cs_zlib_deflate_make(Int32(level)) else { preconditionFailure("no memory") }
  defer { cs_zlib_deflate_free(context) }
  var out = [UInt8](repeating: 0, count: bytes.count + bytes.count / 100 + 64)
  var (taken, written) = (bytes.count, out.count)
  let result = cs_zlib_deflate(context, bytes, &taken, &out, &written, Int32(CS_DEFLATE_FINISH))
  precondition(Int(result) == CS_DEFLATE_DONE)
  return Array(out[..<written])
}

/// Data to inflate: as libFuzzer made it, or deflated from that, whole or with a few bytes changed.
public func data(_ choices: inout Choices) -> [UInt8] {
  let kind = choices.byte()
  choices.seed()
  var bytes = choices.rest()
  if kind & 1 == 0 { return bytes }
  if kind & 2 != 0 { bytes = repeated(bytes, &choices) }
  var data = deflated(bytes, level: Int(kind >> 4) % 10)
  if kind & 4 != 0 {
    for _ in 0...choices.below(3) {
      data[choices.below(data.count)] ^= 1 << UInt8(choices.below(8))
    }
  }
  return data
}

/// Much made of little, so that windows and buffers run over.
public func repeated(_ bytes: [UInt8], _ choices: inout Choices, max: Int = 200_000) -> [UInt8] {
  var all = bytes
  let count = choices.size(max)
  while all.count < count {
    if choices.below(3) == 0 || all.isEmpty {
      all.append(UInt8(choices.below(256)))
    } else {
      let start = choices.below(all.count)
      all += Array(all[start..<min(all.count, start + choices.size(5000))])
    }
  }
  return all
}
