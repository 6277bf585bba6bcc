import Wire

/// An answer that is no text: it goes into a file, of which the envelope tells.
extension Exchange: FileWriterOwner {
  /// What was held back goes first.
  func beginFile(_ execute: ExecuteEnd) {
    guard let store = worker.shared.files else {
      fail(.binaryAnswerUnsupported, .body)
      return
    }
    execute.form = .binary
    record.sizeLimit = .fileBytes
    let writer = FileWriter(
      store, contentType: execute.writer.contentType, remote: worker.remote, owner: self)
    execute.file = writer
    execute.moveAnswer(to: writer)
    noteFileRoom(writer)
  }

  func appendToFile(_ payload: Span<UInt8>) {
    guard let writer = execute?.file else { return }
    writer.append(payload)
    noteFileRoom(writer)
  }

  /// The disk slows the upstream down as a client would.
  private func noteFileRoom(_ writer: FileWriter) {
    if !writer.canTake { isDownstreamFull = true }
  }

  func endFile(_ execute: ExecuteEnd) {
    execute.isFileEnding = true
    execute.file?.finish()
  }

  func cancelFile() {
    execute?.file?.cancel()
    execute?.file = nil
  }

  // MARK: FileWriterOwner

  func onFileDrained() {
    onDownstreamDrained()
    client?.mark()
  }

  func onFileStored(_ file: StoredFile) {
    guard let execute, let store = worker.shared.files else { return }
    execute.file = nil
    var url = ByteBuffer()
    store.appendLink(to: file, host: execute.host.span, into: &url)
    var body = ByteBuffer()
    execute.write(
      BinaryData(
        url: Array(url), contentType: file.contentType, size: file.size,
        expiresUnixSeconds: file.expiresUnixSeconds), into: &body)
    settleReplay(.envelope(Array(body)), keeps: true)
    answerEnvelope(body)
    client?.mark()
  }

  func onFileFailed(_ error: StoreError) {
    execute?.file = nil
    record.diskLimit = error.limit
    fail(error == .tooLarge ? .upstreamResponseTooLarge : .spoolUnavailable, .body)
  }
}
