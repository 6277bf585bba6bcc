import EventLoop
import Synchronization
import Testing

@testable import Penstock

/// An owner that writes down what its writer tells it. Calls of the writer are for the loop's
/// thread, what it was told for any.
final class FileProbe: FileWriterOwner, @unchecked Sendable {
  // Sendable: the writer is touched by the loop's thread alone, and the rest is behind a mutex.
  enum Event: Equatable {
    case drained
    case stored(size: Int, name: String)
    case failed(StoreError)
  }

  private(set) var writer: FileWriter?
  private let told = Mutex([Event]())
  private var isWithinCall = false

  init(_ store: FileStore, _ type: String, _ remote: RemoteTasks) {
    writer = FileWriter(store, contentType: Array(type.utf8), remote: remote, owner: self)
  }

  /// Calls the writer, which is not to tell anything meanwhile.
  func call(_ body: (FileWriter) -> Void) {
    guard let writer else { return }
    isWithinCall = true
    body(writer)
    isWithinCall = false
  }

  /// Appends so many bytes, `piece` a call, as a source does that heeds nothing.
  func append(_ bytes: [UInt8], piece: Int = 65_536) {
    var start = 0
    while start < bytes.count {
      let end = min(bytes.count, start + piece)
      call { $0.append(bytes.span.extracting(start..<end)) }
      start = end
    }
  }

  // MARK: What it is told

  func onFileDrained() { note(.drained) }
  func onFileFailed(_ error: StoreError) { note(.failed(error)) }

  func onFileStored(_ file: StoredFile) {
    let name = StoredName.whole(file.id, expiresUnixSeconds: file.expiresUnixSeconds)
    note(.stored(size: file.size, name: name))
  }

  private func note(_ event: Event) {
    #expect(!isWithinCall, "told from within a call")
    told.withLock { $0.append(event) }
  }

  var events: [Event] { told.withLock { $0 } }

  /// What became of it, once that is known.
  func waitForEnd() -> Event? {
    eventually("the end of a file") { events.contains { $0 != .drained } }
    return events.first { $0 != .drained }
  }

  /// The name of the file that it became.
  func waitForName() throws -> String {
    guard case .stored(_, let name)? = waitForEnd() else { throw StoreError.other }
    return name
  }
}
