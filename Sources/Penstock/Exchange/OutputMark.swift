/// A place in a client's output: what was appended behind it can be taken back as long as none of
/// it has left.
struct OutputMark {
  private let writtenBytes: Int
  private let count: Int

  init(_ client: ClientConnection) {
    writtenBytes = client.writtenBytes
    count = client.output.count
  }

  /// Takes back what was appended since; false where a byte of it may have left already.
  func rewind(_ client: ClientConnection) -> Bool {
    guard client.writtenBytes == writtenBytes, client.pipe == nil else { return false }
    client.output.truncate(to: count)
    return true
  }
}
