import Glibc

/// Reads a whole regular file of bounded size.
enum BoundedFile {
  enum Fault: Error, Equatable {
    case notFound, denied, notRegular, tooLarge, notUTF8
    case unreadable(errno: Int32)

    /// Fits behind the file's name.
    var reason: String {
      switch self {
      case .notFound: "does not exist"
      case .denied: "may not be read by this user"
      case .notRegular: "is not a regular file"
      case .tooLarge: "is too large"
      case .notUTF8: "is not UTF-8 text"
      case .unreadable(let number): "cannot be read: \(String(cString: strerror(number)))"
      }
    }
  }

  /// What `stat` says about the permissions of the file that was read.
  struct Contents {
    let text: String
    /// Whether users other than the owner may read it.
    let isShared: Bool
  }

  /// A pipe or a device is refused before it is read, since it might block or never end.
  static func read(_ path: String, bytesMax: Int) throws(Fault) -> Contents {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw fault(errno) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw fault(errno) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw .notRegular }
    guard status.st_size <= bytesMax else { throw .tooLarge }
    let bytes = try bytes(of: descriptor, bytesMax: bytesMax)
    guard let text = String(validating: bytes, as: UTF8.self) else { throw .notUTF8 }
    return Contents(text: text, isShared: status.st_mode & 0o044 != 0)
  }

  private static func bytes(of descriptor: Int32, bytesMax: Int) throws(Fault) -> [UInt8] {
    var bytes: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = Glibc.read(descriptor, &block, block.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw fault(errno) }
      if count == 0 { return bytes }
      bytes += block[..<count]
      guard bytes.count <= bytesMax else { throw .tooLarge }
    }
  }

  private static func fault(_ number: Int32) -> Fault {
    switch number {
    case ENOENT, ENOTDIR: .notFound
    case EACCES, EPERM: .denied
    case EISDIR: .notRegular
    default: .unreadable(errno: number)
    }
  }
}
