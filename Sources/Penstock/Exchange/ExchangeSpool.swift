import Wire

/// A body that is collected before it is sent, for an upstream that has to know its length.
extension Exchange {
  func collect(_ payload: Span<UInt8>) {
    guard let spool else { return }
    do throws(RequestSpool.Fault) {
      try spool.append(payload)
    } catch {
      switch error {
      case .tooLarge: fail(.bodyTooLarge, .receive)
      case .noStorage: fail(.spoolUnavailable, .receive)
      }
    }
  }

  /// The body is whole: its length goes behind the fields, and what is small behind the head, so
  /// that it can be sent again like any other.
  func sendCollected() {
    guard let spool, let account else { return }
    requestBytes.appendField("Content-Length", decimal: spool.count)
    requestBytes.append("\r\n")
    if spool.isInMemory {
      requestBytes.append(spool.memory.span)
      self.spool = nil
    }
    connect(toBaseOf: account)
  }
}
