import Wire

/// What stands in front of a stored result: its length, which tells a whole file from a cut one,
/// and its media type. Nothing else is known of it.
struct FileHeader: Equatable, Sendable {
  /// Bytes that it takes in the file.
  static let bytes = 512

  let size: Int
  /// As the upstream declared it, or empty.
  let contentType: [UInt8]

  init(size: Int, contentType: [UInt8]) {
    self.size = size
    self.contentType = contentType
  }

  /// What is written: text, padded by line ends.
  var encoded: [UInt8] {
    var text = ByteBuffer()
    text.append("penstock file 1\n")
    text.append(decimal: size)
    text.append(0x0a)
    text.append(contentType)
    var bytes = Array(text)
    precondition(bytes.count < Self.bytes, "a media type is bounded")
    while bytes.count < Self.bytes { bytes.append(0x0a) }
    return bytes
  }

  /// nil where it is none.
  init?(_ bytes: [UInt8]) {
    guard bytes.count == Self.bytes, bytes.span.starts(with: "penstock file 1\n") else {
      return nil
    }
    let span = bytes.span
    guard let sizeEnd = span.index(of: 0x0a, from: 16),
      let size = Framing.decimal(span.extracting(16..<sizeEnd)),
      let typeEnd = span.index(of: 0x0a, from: sizeEnd + 1)
    else { return nil }
    self.size = size
    contentType = Array(bytes[(sizeEnd + 1)..<typeEnd])
  }
}
