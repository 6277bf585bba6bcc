import Glibc
import Synchronization
import Wire

/// A file of the store while it is being written. For one helper thread at a time.
// Sendable: its writer has one task at a time under way, and touches it in no other place.
final class PartFile: @unchecked Sendable {
  /// Nobody waits for it any longer. Set by its writer, at any time.
  let isUnwanted = Atomic<Bool>(false)
  private let store: FileStore
  private let contentType: [UInt8]
  private var id: FileID?
  /// Where it was made.
  private var directory: StoreDirectory?
  private var descriptor: Int32 = -1
  /// Bytes of the body that are written.
  private var size = 0
  /// Bytes that the store holds room for.
  private var reserved = 0
  /// The store counts it among those that are being written.
  private var isCounted = false

  init(_ store: FileStore, contentType: [UInt8]) {
    self.store = store
    self.contentType = contentType
  }

  deinit { discard() }

  /// Writes the next bytes; makes the file before the first.
  func write(_ bytes: borrowing ByteBuffer) throws(StoreError) {
    if bytes.isEmpty || isUnwanted.load(ordering: .relaxed) { return }
    if descriptor < 0 { try open() }
    if size + bytes.count > store.fileBytesMax { throw .tooLarge }
    try reserve(bytes.count)
    if let error = bytes.withUnsafeBytes({ write($0, at: nil) }) { throw error }
    size += bytes.count
  }

  /// Names the file: from now on it is a result. nil where nobody wants it.
  func finish() throws(StoreError) -> StoredFile? {
    if isUnwanted.load(ordering: .relaxed) { return nil }
    if descriptor < 0 { try open() }
    let header = FileHeader(size: size, contentType: contentType).encoded
    if let error = header.withUnsafeBytes({ write($0, at: 0) }) { throw error }
    guard let id, let directory else { throw .other }
    let expires = store.expiresUnixSeconds
    let name = StoredName.whole(id, expiresUnixSeconds: expires)
    // A disk may tell of what it could not write as late as now.
    if fdatasync(descriptor) != 0, errno != EINVAL { throw StoreError(errno) }
    if isUnwanted.load(ordering: .relaxed) { return nil }
    let folder = directory.descriptor
    guard renameat(folder, StoredName.part(id), folder, name) == 0 else {
      throw StoreError(errno)
    }
    var status = stat()
    let isThere = fstat(descriptor, &status) == 0
    self.id = nil
    close(descriptor)
    descriptor = -1
    end(
      FileQuota.Named(
        changedNanoseconds: isThere ? status.st_ctim.nanoseconds : 0, expiresUnixSeconds: expires))
    return StoredFile(id: id, size: size, contentType: contentType, expiresUnixSeconds: expires)
  }

  /// Removes what there is of it.
  func discard() {
    if let id, let directory { unlinkat(directory.descriptor, StoredName.part(id), 0) }
    id = nil
    if descriptor >= 0 { close(descriptor) }
    descriptor = -1
    end(nil)
  }

  /// Gives the room back, or hands it over to the named file.
  private func end(_ named: FileQuota.Named?) {
    if isCounted { store.endFile(bytes: reserved, named: named) }
    isCounted = false
    reserved = 0
  }

  private func open() throws(StoreError) {
    try store.beginFile()
    isCounted = true
    try makeLocked()
    try reserve(FileHeader.bytes)
    let blank = [UInt8](repeating: 0x0a, count: FileHeader.bytes)
    if let error = blank.withUnsafeBytes({ write($0, at: nil) }) { throw error }
  }

  /// Makes the file and locks it, which tells whoever sweeps that somebody is at work on it. One
  /// that was swept away in between is made anew.
  private func makeLocked() throws(StoreError) {
    let directory = try store.openDirectory()
    self.directory = directory
    while true {
      guard let made = FileID() else { throw .other }
      let name = StoredName.part(made)
      let flags = O_CREAT | O_EXCL | O_RDWR | O_NOFOLLOW | O_CLOEXEC
      descriptor = openat(directory.descriptor, name, flags, 0o600)
      guard descriptor >= 0 else { throw StoreError(errno) }
      id = made
      var status = stat()
      if flock(descriptor, LOCK_EX | LOCK_NB) == 0, fstat(descriptor, &status) == 0,
        status.st_nlink > 0
      {
        return
      }
      close(descriptor)
      unlinkat(directory.descriptor, name, 0)
    }
  }

  private func reserve(_ bytes: Int) throws(StoreError) {
    try store.reserve(bytes)
    reserved += bytes
  }

  /// `offset`: nil for the file's end. Returns what was wrong, if anything.
  private func write(_ bytes: UnsafeRawBufferPointer, at offset: Int?) -> StoreError? {
    var written = 0
    while written < bytes.count {
      let rest = UnsafeRawBufferPointer(rebasing: bytes[written...])
      let moved =
        if let offset {
          pwrite(descriptor, rest.baseAddress, rest.count, off_t(offset + written))
        } else {
          Glibc.write(descriptor, rest.baseAddress, rest.count)
        }
      if moved < 0, errno == EINTR { continue }
      if moved <= 0 { return StoreError(moved < 0 ? errno : ENOSPC) }
      written += moved
    }
    return nil
  }
}
