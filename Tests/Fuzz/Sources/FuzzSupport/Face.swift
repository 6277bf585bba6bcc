import CSystem

/// One of the libraries behind CSystem's face of raw deflate, for inflating in pieces.
public enum Face: Sendable {
  case zlib
  /// Zlib again where it is not installed.
  case isal

  /// What came of inflating; `taken` is counted up to the data's end.
  public struct Verdict: Equatable {
    public var out: [UInt8] = []
    public var taken = 0
    public var result = 0
    /// True exactly when zlib found that a distance leads to before the first byte.
    public var leadsTooFarBack = false
  }

  private static let outMax = 1 << 20
  nonisolated(unsafe) private static let inFence = Fence(1 << 17)
  nonisolated(unsafe) private static let outFence = Fence(1 << 17)

  /// Inflates in pieces and rooms that `choices` draw; what is not taken is offered again.
  public func inflated(_ bytes: [UInt8], _ choices: inout Choices) -> Verdict {
    let (make, free, inflate) = functions
    guard let context = make() else { preconditionFailure("no memory") }
    defer { free(context) }
    var verdict = Verdict()
    var stalls = 0
    while true {
      let piece = min(bytes.count - verdict.taken, choices.size(100_000))
      let room = choices.size(100_000)
      let input = Self.inFence.last(piece)
      for index in 0..<piece { input[index] = bytes[verdict.taken + index] }
      let output = Self.outFence.last(room)
      var (taken, written) = (piece, room)
      verdict.result = Int(inflate(context, input, &taken, output, &written))
      precondition(taken >= 0 && taken <= piece && written >= 0 && written <= room)
      verdict.out += UnsafeBufferPointer(start: output, count: written)
      verdict.taken += taken
      if verdict.result == CS_INFLATE_END { return verdict }
      if verdict.result == CS_DEFLATE_BROKEN {
        verdict.leadsTooFarBack = self == .zlib && Self.leadsTooFarBack(context)
        return verdict
      }
      if verdict.result == CS_INFLATE_NEEDS_INPUT {
        precondition(taken == piece, "wants more and has not taken all")
        if verdict.taken == bytes.count { return verdict }
      }
      if verdict.out.count > Self.outMax { return verdict }
      stalls = taken == 0 && written == 0 ? stalls + 1 : 0
      precondition(stalls < 4, "does not move")
    }
  }

  private static func leadsTooFarBack(_ context: UnsafeMutableRawPointer) -> Bool {
    let message = context.assumingMemoryBound(to: z_stream.self).pointee.msg
    return message.map { String(cString: $0).contains("too far back") } ?? false
  }

  private typealias Make = () -> UnsafeMutableRawPointer?
  private typealias Free = (UnsafeMutableRawPointer?) -> Void
  private typealias Inflate = (
    UnsafeMutableRawPointer?, UnsafePointer<UInt8>?, UnsafeMutablePointer<Int>?,
    UnsafeMutablePointer<UInt8>?, UnsafeMutablePointer<Int>?
  ) -> Int32

  private var functions: (Make, Free, Inflate) {
    #if PENSTOCK_ISAL
      if self == .isal { return (cs_isal_inflate_make, cs_isal_inflate_free, cs_isal_inflate) }
    #endif
    return (cs_zlib_inflate_make, cs_zlib_inflate_free, cs_zlib_inflate)
  }
}
