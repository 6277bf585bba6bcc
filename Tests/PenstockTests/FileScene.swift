import EventLoop
import Glibc
import Synchronization
import Testing
import Wire

@testable import Penstock

/// A file store in a directory of its own, and a loop on a thread of its own that writes to it.
final class FileScene {
  let path: String
  let store: FileStore
  private let loop: LoopHandle
  private var thread = pthread_t()

  init(
    filesMax: Int = 1000, bytesMax: Int = 100 << 20, ttlMilliseconds: Int = 3_600_000,
    fileBytesMax: Int = 50 << 20, path: String? = nil
  ) throws {
    let path = try path ?? Self.newPath()
    self.path = path
    var limits = Limits()
    limits.fileBytes = fileBytesMax
    limits.filesFreePercent = 0
    let configuration = FilesConfiguration(
      directory: path, ttlMilliseconds: ttlMilliseconds, bytesMax: bytesMax, filesMax: filesMax)
    store = try #require(try FileStore(configuration, limits))
    let handle = LoopHandle(try EventLoop())
    loop = handle
    let result = pthread_create(
      &thread, nil,
      { pointer in
        Unmanaged<EventLoop>.fromOpaque(pointer.unsafelyUnwrapped).takeRetainedValue().run()
        return nil
      }, Unmanaged.passRetained(handle.loop).toOpaque())
    try #require(result == 0)
  }

  static func newPath() throws -> String {
    var template = Array("/tmp/penstock-files-XXXXXX".utf8CString)
    try #require(mkdtemp(&template) != nil)
    return template.withUnsafeBufferPointer { String(cString: $0.baseAddress.unsafelyUnwrapped) }
  }

  /// Ends the helpers once all is done, then the loop. The directory stays.
  func stop() {
    // Twice: what is told to the loop may leave something to do.
    onLoop {}
    let isIdle = Flag()
    store.tasks.submit { isIdle.set() }
    eventually("the helpers") { isIdle.isSet }
    onLoop {}
    #expect(store.tasks.stop(withinMilliseconds: 5000))
    let handle = loop
    handle.loop.remoteTasks.post { handle.loop.stop() }
    pthread_join(thread, nil)
  }

  func remove() { system("rm -rf '\(path)'") }

  /// Runs something on the loop's thread, and waits for it.
  func onLoop(_ body: @escaping @Sendable () -> Void) {
    let done = Flag()
    loop.loop.remoteTasks.post {
      body()
      done.set()
    }
    eventually("the loop") { done.isSet }
  }

  /// Begins a file.
  func begin(_ type: String = "application/pdf") -> FileProbe {
    FileProbe(store, type, loop.loop.remoteTasks)
  }

  /// The names in the directory.
  var names: [String] {
    guard let stream = opendir(path) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  func content(_ name: String) throws -> [UInt8] {
    let descriptor = open("\(path)/\(name)", O_RDONLY)
    try #require(descriptor >= 0)
    defer { close(descriptor) }
    var status = stat()
    try #require(fstat(descriptor, &status) == 0)
    var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
    try #require(read(descriptor, &bytes, bytes.count) == bytes.count)
    return bytes
  }

  /// Puts a file there, as another process would have.
  func plant(_ name: String, _ content: [UInt8] = []) throws {
    let descriptor = open("\(path)/\(name)", O_CREAT | O_EXCL | O_WRONLY, 0o600)
    try #require(descriptor >= 0)
    defer { close(descriptor) }
    try #require(write(descriptor, content, content.count) == content.count)
  }

  /// A whole one, of so many bytes.
  @discardableResult
  func plant(_ size: Int, expires: Int) throws -> String {
    let name = StoredName.whole(try #require(FileID()), expiresUnixSeconds: expires)
    let header = FileHeader(size: size, contentType: []).encoded
    try plant(name, header + [UInt8](repeating: 0x41, count: size))
    return name
  }

  static var nowSeconds: Int { Int(Clock.wallNanoseconds() / 1_000_000_000) }
}

/// Carries a loop to its own thread.
private struct LoopHandle: @unchecked Sendable {
  // Sendable: the loop is only touched by its own thread, but for its remote tasks.
  let loop: EventLoop
  init(_ loop: EventLoop) { self.loop = loop }
}

/// A flag that one thread sets and another waits for.
final class Flag: Sendable {
  private let value = Atomic<Bool>(false)
  func set() { value.store(true, ordering: .releasing) }
  var isSet: Bool { value.load(ordering: .acquiring) }
}

/// Waits for what another thread brings about.
func eventually(_ what: String, within seconds: Int = 10, _ condition: () -> Bool) {
  let end = Clock.monotonicNanoseconds() + Int64(seconds) * 1_000_000_000
  while !condition() {
    if Clock.monotonicNanoseconds() > end {
      Issue.record("\(what) did not come about")
      return
    }
    usleep(1000)
  }
}
