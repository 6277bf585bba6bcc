import Body

extension PenstockError {
  /// What is wrong with a client's body.
  init(request fault: StageFault) {
    self =
      switch fault {
      case .malformed, .checksum, .truncated, .brokenJSON, .brokenText: .badEncoding
      case .expandsTooMuch: .decompressionLimit
      }
  }

  /// What is wrong with an upstream's body.
  init(response fault: StageFault) {
    self =
      switch fault {
      case .malformed, .checksum: .upstreamBadEncoding
      case .truncated: .upstreamTruncated
      case .brokenJSON: .upstreamBrokenJSON
      case .brokenText: .upstreamBrokenText
      case .expandsTooMuch: .upstreamDecompressionLimit
      }
  }
}
