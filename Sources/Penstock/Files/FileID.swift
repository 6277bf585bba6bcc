import CSystem
import Wire

/// The name of a binary result: 128 bits that nobody can guess, in lower-case hexadecimal.
struct FileID: Equatable, Sendable {
  static let textBytes = 32

  let text: [UInt8]

  /// A new one; nil where the kernel gives no random bytes.
  init?() {
    var bytes = [UInt8](repeating: 0, count: Self.textBytes / 2)
    guard cs_random(&bytes, bytes.count) == 0 else { return nil }
    text = Hexadecimal.text(of: bytes)
  }

  /// Reads one; nil for anything else.
  init?(_ text: Span<UInt8>) {
    guard text.count == Self.textBytes else { return nil }
    for index in 0..<text.count {
      let byte = text[index]
      if !ByteClass.isDigit(byte), byte < 0x61 || byte > 0x66 { return nil }
    }
    self.text = text.withUnsafeBufferPointer { Array($0) }
  }
}
