import Body
import EventLoop
import Wire

/// What a worker lends to bodies on their way: pipes, the contexts of content codings, and the
/// buffer between a stage and what is to be written.
extension Worker {
  /// An empty pipe; nil where all are in use.
  func takePipe() -> Pipe? {
    if let pipe = pipes.take() { return pipe }
    if configuration.limits.splicePipes > 0 {
      shard.countLimitHit(limit: LimitName.splicePipes.rawValue)
    }
    return nil
  }

  /// nil where as many contexts are in use as there may be.
  /// `framing`: in which the plain body comes.
  func makeEncoder(
    _ coding: ContentCoding, level: Int, _ framing: Framing
  ) -> (any BodyStage)? {
    guard let deflater = codings.takeDeflater(level: level) else {
      onNoContext()
      return nil
    }
    let length: Int? = if case .length(let count) = framing { count } else { nil }
    return EncodeStage(coding, deflater, codings, length: length)
  }

  /// nil where as many contexts are in use as there may be.
  /// `bytesMax`: the most that may come out; nil for no limit. `holdsSecrets`: what comes out of it
  /// must not stay in memory.
  func makeDecoder(
    _ coding: ContentCoding, bytesMax: Int? = nil, holdsSecrets: Bool = false
  ) -> (any BodyStage)? {
    guard let inflater = codings.takeInflater() else {
      onNoContext()
      return nil
    }
    inflater.holdsSecrets = holdsSecrets
    let limits = configuration.limits
    return DecodeStage(
      coding, inflater, codings,
      DecodeLimits(
        ratio: limits.decompressionRatio, ratioAfterBytes: limits.decompressionRatioAfterBytes,
        headerBytes: limits.gzipHeaderBytes, membersMax: limits.gzipMembers,
        bytesMax: bytesMax ?? Int.max))
  }

  private func onNoContext() {
    shard.countLimitHit(limit: LimitName.compressionContexts.rawValue)
  }

  /// Calls `body` with what a stage has just made, and forgets it.
  func withStaged(_ body: (Span<UInt8>) -> Void) {
    body(staged.span)
    if staged.holdsSecrets { staged.wipe() }
    staged.removeAll()
  }

  /// How bodies are collected that need a length.
  var spoolSettings: RequestSpool.Settings {
    RequestSpool.Settings(
      directory: shared.files?.path ?? "/tmp",
      memoryBytes: configuration.limits.requestMemoryBytes,
      bytesMax: configuration.limits.requestSpoolBytes)
  }
}
