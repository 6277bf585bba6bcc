import EventLoop
import Wire

/// A request for a binary result, by a signed link: no API key, and no file is looked at before the
/// signature is known to be good.
extension Exchange {
  func serveFile(_ bytes: Span<UInt8>) {
    record.route = "files"
    guard let store = worker.shared.files, let link = store.link(bytes[head.target]) else {
      answer(.invalidSignature)
      return
    }
    if link.expiresUnixSeconds <= Int(worker.loop.wallNanoseconds / 1_000_000_000) {
      answer(.linkExpired)
      return
    }
    let wish = FileWish(head, bytes, entityTag: link.entityTag, isToHead: isToHead)
    let task = AwaitedTask(self)
    awaitedTask = task
    client?.awaitDisk()
    let remote = worker.remote
    store.tasks.submit {
      let opened = OpenedFile.open(link, in: store)
      remote.post { task.exchange?.onFileOpened(opened, link, wish) }
    }
  }

  func onFileOpened(
    _ opened: Result<OpenedFile, PenstockError>, _ link: FileLink, _ wish: FileWish
  ) {
    leaveTask()
    // While it was opened the request may have turned out broken, or its time run out.
    guard state.response == .awaited else { return }
    client?.clearExchangeTimeout()
    switch opened {
    case .failure(let error): answer(error)
    case .success(let file): serve(file, link, wish)
    }
    client?.mark()
  }

  private func serve(_ file: OpenedFile, _ link: FileLink, _ wish: FileWish) {
    var range = 0..<file.size
    var status = 200
    if wish.isKnown {
      status = 304
    } else if let wanted = wish.range {
      switch wanted.outcome(ofSize: file.size) {
      case .part(let part): (range, status) = (part, 206)
      case .unsatisfiable:
        answer(.rangeNotSatisfiable, size: file.size)
        return
      }
    }
    writeFileHead(status, file, link, range)
    guard let client, let store = worker.shared.files, status != 304, !isToHead, !range.isEmpty
    else {
      state.onResponseWhole(endsConnection: false)
      return
    }
    client.file = FileBody(file.content(range), for: client, store.tasks)
  }

  private func writeFileHead(
    _ status: Int, _ file: OpenedFile, _ link: FileLink, _ range: Range<Int>
  ) {
    guard let client else { return }
    if client.isLastRequest { state.onLastRequest() }
    state.onResponseBegun()
    let before = client.output.count
    worker.blocks.provide(&client.output)
    FileHead.append(
      status, file, link, range, context, requestID: record.requestID.span, date: worker.date,
      into: &client.output)
    record.status = status
    record.bytesSent += client.output.count - before
  }

  // MARK: What the client's connection tells

  func onFileSent(_ count: Int, isWhole: Bool) {
    record.bytesSent += count
    if isWhole { state.onResponseWhole(endsConnection: false) }
  }

  func onFileBroken(_ error: StoreError) {
    worker.shared.files?.count(error)
    fail(.spoolUnavailable, .respond)
  }
}

extension FileLink {
  /// A file never changes, and its name is never another's.
  var entityTag: [UInt8] { [0x22] + id.text + [0x22] }
}
