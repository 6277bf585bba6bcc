import EventLoop
import Wire

/// Collects a request's body for an upstream that needs to know its length: in memory up to a
/// bound, from there on in a file without a name, which goes with its descriptor.
///
/// Each write is of a piece that was just read, into the page cache. Owned by its exchange.
final class RequestSpool {
  struct Settings {
    /// Where the file stands for as long as nobody can see it.
    let directory: String
    let memoryBytes: Int
    let bytesMax: Int
  }

  /// Why a body cannot be collected.
  enum Fault: Error {
    case tooLarge
    case noStorage
  }

  private let settings: Settings
  private(set) var count = 0
  /// All of the body, as long as there is no file.
  private(set) var memory = ByteBuffer()
  private var file: SpoolFile?

  init(_ settings: Settings) { self.settings = settings }

  func append(_ payload: Span<UInt8>) throws(Fault) {
    if count + payload.count > settings.bytesMax { throw .tooLarge }
    if file == nil, count + payload.count > settings.memoryBytes {
      guard let made = SpoolFile(in: settings.directory) else { throw .noStorage }
      file = made
      if !memory.withUnsafeBytes({ made.append($0) }) { throw .noStorage }
      memory.release()
    }
    if let file {
      if !payload.withUnsafeBytes({ file.append($0) }) { throw .noStorage }
    } else {
      memory.append(payload)
    }
    count += payload.count
  }

  /// True where all of it stands in memory.
  var isInMemory: Bool { file == nil }

  /// The file's content, from its beginning; may be asked for again. nil where there is no file, or
  /// no descriptor to read it by.
  func content() -> OutgoingFile? { file?.content() }
}
