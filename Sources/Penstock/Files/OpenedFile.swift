import EventLoop
import Glibc

/// A stored result that is about to be served. Owns the descriptor until its content is taken.
// Sendable: handed from the helper thread that opened it to the loop that serves it.
final class OpenedFile: @unchecked Sendable {
  let size: Int
  let contentType: [UInt8]
  private var descriptor: Int32

  private init(_ descriptor: Int32, _ header: FileHeader) {
    self.descriptor = descriptor
    size = header.size
    contentType = header.contentType
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// Opens what a link names, whose signature is good. On a helper thread. Errors: `notFound`,
  /// also for what is not whole; `spoolUnavailable` where the disk is broken.
  static func open(_ link: FileLink, in store: FileStore) -> Result<OpenedFile, PenstockError> {
    guard let directory = try? store.openDirectory() else { return .failure(.spoolUnavailable) }
    let name = StoredName.whole(link.id, expiresUnixSeconds: link.expiresUnixSeconds)
    let descriptor = openat(
      directory.descriptor, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
    if descriptor < 0 {
      if errno == ENOENT || errno == ELOOP { return .failure(.notFound) }
      store.count(StoreError(errno))
      return .failure(.spoolUnavailable)
    }
    var bytes = [UInt8](repeating: 0, count: FileHeader.bytes)
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      return .failure(.notFound)
    }
    let count = pread(descriptor, &bytes, bytes.count, 0)
    let number = errno
    guard count == bytes.count, let header = FileHeader(bytes),
      Int(status.st_size) == FileHeader.bytes + header.size
    else {
      close(descriptor)
      store.count(count < 0 ? StoreError(number) : .damaged)
      return .failure(count < 0 ? .spoolUnavailable : .notFound)
    }
    return .success(OpenedFile(descriptor, header))
  }

  /// A part of it, to be sent; once.
  func content(_ range: Range<Int>) -> OutgoingFile {
    let taken = descriptor
    descriptor = -1
    return OutgoingFile(
      descriptor: taken, offset: FileHeader.bytes + range.lowerBound, count: range.count)
  }
}
