import EventLoop
import Wire

/// A part of a stored file on its way to a client: sent a window at a time, each read ahead by a
/// helper thread where it would have to come from the disk. Used by its loop's thread only.
// Sendable: only the closures that its loop runs touch it.
final class FileBody: @unchecked Sendable {
  private let file: OutgoingFile
  private let tasks: BlockingTasks
  private let remote: RemoteTasks
  /// Told when it may go on.
  private var client: ClientConnection?
  /// Bytes that can be sent without waiting for a disk.
  private var ready = 0
  /// A helper thread reads the next window.
  private(set) var isReading = false
  /// What the disk said to that, by errno; 0 where it gave what was asked for.
  private var fault: Int32 = 0
  /// The turn in which a share of it was sent last.
  private var turn = -1

  init(_ file: OutgoingFile, for client: ClientConnection, _ tasks: BlockingTasks) {
    self.file = file
    self.client = client
    self.tasks = tasks
    remote = client.worker.remote
  }

  var isWhole: Bool { file.left == 0 }

  /// What a step of sending came to.
  enum Step {
    case sent(Int)
    /// Nothing more now: the disk is waited for, or a share of this turn was sent. A client that
    /// reads as fast as it is sent to could keep a turn busy without end.
    case later
    case stream(StreamResult)
    /// The file is not what it was, or the disk does not give it back.
    case broken(StoreError)
  }

  /// Sends what can be sent in this turn.
  func send(on stream: borrowing ByteStream, _ loop: EventLoop) -> Step {
    if fault != 0 { return .broken(StoreError(fault)) }
    if ready == 0 { makeReady() }
    if ready == 0 || turn == loop.turns { return .later }
    turn = loop.turns
    let result = file.send(on: stream, count: min(ready, loop.share(of: Self.windowBytes)))
    switch result {
    case .moved(let count):
      ready -= count
      loop.spend(count)
      return .sent(count)
    case .ended: return .broken(.damaged)
    case .failed(.reset(let number)) where OutgoingFile.isOfDisk(number):
      return .broken(StoreError(number))
    case .failed, .wouldBlock: return .stream(result)
    }
  }

  private static let windowBytes = 1 << 20

  private func makeReady() {
    if isReading { return }
    let count = min(file.left, Self.windowBytes)
    if file.isResident(count: count) {
      ready = count
      return
    }
    isReading = true
    client?.awaitDisk()
    let file = file
    tasks.submit { [self] in
      let number = file.readAhead(count: count)
      remote.post { self.onRead(count, number) }
    }
  }

  private func onRead(_ count: Int, _ number: Int32) {
    isReading = false
    fault = number
    ready = count
    client?.clearExchangeTimeout()
    client?.mark()
  }

  /// The client is gone.
  func close() { client = nil }
}
