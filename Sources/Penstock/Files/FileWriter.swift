import EventLoop
import Wire

/// Whoever has a result written. Told on its own thread, never from within a call of the writer.
protocol FileWriterOwner: AnyObject {
  /// There is room again.
  func onFileDrained()
  func onFileStored(_ file: StoredFile)
  func onFileFailed(_ error: StoreError)
}

/// Writes one result to the store, off the loop: what comes is gathered, and handed to a helper
/// thread a piece at a time. Used by its loop's thread only.
// Sendable: only the closures that its loop runs touch it.
final class FileWriter: @unchecked Sendable {
  private let store: FileStore
  private let remote: RemoteTasks
  private let part: PartFile
  private var owner: (any FileWriterOwner)?
  /// What the disk has not been given yet, and what it is being given.
  private var waiting = Piece()
  private var written = Piece()
  private var isAtWork = false
  private var isFinishing = false
  private var wasFull = false

  /// Bytes that go to a helper thread and come back empty.
  // Sendable: while a thread has it, the writer leaves it alone.
  private final class Piece: @unchecked Sendable {
    var bytes = ByteBuffer()
  }

  /// `contentType`: as the upstream declared it; one that is not well-formed is not kept.
  init(_ store: FileStore, contentType: [UInt8], remote: RemoteTasks, owner: any FileWriterOwner) {
    self.store = store
    self.remote = remote
    self.owner = owner
    part = PartFile(store, contentType: ServedType.canBeKept(contentType) ? contentType : [])
  }

  /// False while enough waits for the disk.
  var canTake: Bool { waiting.bytes.count < Self.waitingBytesMax }

  private static let waitingBytesMax = 1 << 19
  /// Less is gathered first.
  private static let pieceBytes = 1 << 17

  func append(_ payload: Span<UInt8>) {
    waiting.bytes.append(payload)
    if !canTake { wasFull = true }
    if waiting.bytes.count >= Self.pieceBytes { work() }
  }

  /// Nothing more comes.
  func finish() {
    isFinishing = true
    work()
  }

  /// Nobody wants it any more.
  func cancel() {
    owner = nil
    part.isUnwanted.store(true, ordering: .relaxed)
    if !isAtWork { discard() }
  }

  private func work() {
    if isAtWork { return }
    isAtWork = true
    swap(&waiting, &written)
    let isLast = isFinishing
    let (part, piece) = (part, written)
    store.tasks.submit { [self] in
      let outcome: Result<StoredFile?, StoreError>
      do throws(StoreError) {
        try part.write(piece.bytes)
        outcome = .success(isLast ? try part.finish() : nil)
      } catch {
        outcome = .failure(error)
      }
      remote.post { self.onWorked(outcome) }
    }
  }

  private func onWorked(_ outcome: Result<StoredFile?, StoreError>) {
    isAtWork = false
    written.bytes.removeAll()
    guard let owner else {
      discard()
      return
    }
    switch outcome {
    case .failure(let error):
      store.count(error)
      self.owner = nil
      discard()
      owner.onFileFailed(error)
    case .success(let file?):
      self.owner = nil
      owner.onFileStored(file)
    case .success(nil):
      if isFinishing || waiting.bytes.count >= Self.pieceBytes { work() }
      if wasFull, canTake {
        wasFull = false
        owner.onFileDrained()
      }
    }
  }

  private func discard() {
    let part = part
    store.tasks.submit { part.discard() }
  }
}
