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

  init(_ file: OutgoingFile, for client: ClientConnection, _ tasks: BlockingTasks) {
    self.file = file
    self.client = client
    self.tasks = tasks
    remote = client.worker.remote
  }

  var isWhole: Bool { file.left == 0 }

  /// Sends what can be sent now; nil where the disk is waited for.
  func send(on stream: borrowing ByteStream) -> StreamResult? {
    if ready == 0 { makeReady() }
    if ready == 0 { return nil }
    let result = file.send(on: stream, count: min(ready, Self.shareBytes))
    if case .moved(let count) = result { ready -= count }
    return result
  }

  private static let shareBytes = 1 << 18
  private static let windowBytes = 1 << 20

  private func makeReady() {
    if isReading { return }
    let count = min(file.left, Self.windowBytes)
    if file.isResident(count: count) {
      ready = count
      return
    }
    isReading = true
    let file = file
    tasks.submit { [self] in
      file.readAhead(count: count)
      remote.post { self.onRead(count) }
    }
  }

  private func onRead(_ count: Int) {
    isReading = false
    // Whatever became of it: what cannot be read is told by the sending.
    ready = count
    client?.mark()
  }

  /// The client is gone.
  func close() { client = nil }
}
