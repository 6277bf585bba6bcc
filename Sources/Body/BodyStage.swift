import Wire

/// One step of a body's way from its source to its sink: gunzip, gzip, and their like.
///
/// Pure: bytes in, bytes out; no I/O and no clock. It holds no more than its own bounded state:
/// what does not fit into the room stays with the caller, who offers it again. That is all there
/// is of back-pressure, in both directions. Owned by its pipeline; used by one thread.
public protocol BodyStage: AnyObject {
  /// Takes input from `position` on, which moves behind what was taken, and appends to `out` what
  /// becomes of it: at most `room` bytes, but for the few of a header or a trailer.
  ///
  /// `needsInput`: all of the input was taken, and nothing more can come out of it. `full`: there
  /// may be more for another call, with the rest of the input, which may be none.
  func process(
    _ input: Span<UInt8>, _ position: inout Int, into out: inout ByteBuffer, room: Int
  ) -> StageProgress

  /// The input has ended: appends what was held back, and checks that nothing is missing.
  /// `full`: call again; `needsInput`: the end is reached.
  func finish(into out: inout ByteBuffer, room: Int) -> StageProgress

  /// Appends what is held back although more input may follow, so that the peer can read all that
  /// was put in. `full`: call again.
  func flush(into out: inout ByteBuffer, room: Int) -> StageProgress

  /// The body is over, whole or not: gives its context back. Nothing is called afterwards.
  func close()
}

/// What one call of a stage came to.
public enum StageProgress: Equatable, Sendable {
  case needsInput
  case full
  case failed(StageFault)
}

/// What is wrong with a body; each a deed of the peer that sent it.
public enum StageFault: Equatable, Sendable {
  /// Not what its content coding says it is: a broken header, broken data, garbage behind the end.
  case malformed
  /// The checksum or the length at its end is not that of the data.
  case checksum
  /// The input ended before the data did.
  case truncated
  /// More output for the input than any honest data gives, or more members than allowed.
  case expandsTooMuch
  /// Not the one JSON text that it should be.
  case brokenJSON
  /// A byte that its charset does not have.
  case brokenText
}
