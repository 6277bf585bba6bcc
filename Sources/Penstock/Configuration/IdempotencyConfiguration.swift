/// How long, and in how much memory, answers are kept for `Idempotency-Key`.
public struct IdempotencyConfiguration: Sendable, Equatable {
  public let windowMilliseconds: Int
  public let bytesMax: Int

  public init(windowMilliseconds: Int = 600_000, bytesMax: Int = 64 << 20) {
    self.windowMilliseconds = windowMilliseconds
    self.bytesMax = bytesMax
  }
}
