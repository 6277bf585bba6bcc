import Wire

/// A `Compression` made ready to be asked once a response.
struct CompressionRule: Sendable {
  let isOn: Bool
  let bytesMin: Int
  let level: Int
  /// In lower case; `*` stands for any run of bytes.
  private let patterns: [[UInt8]]

  init(_ compression: Compression) {
    switch compression {
    case .auto:
      self.init(
        types: Compression.defaultTypes, bytesMin: Compression.defaultBytesMin,
        level: Compression.defaultLevel)
    case .off:
      self.init(
        isOn: false, types: [], bytesMin: Compression.defaultBytesMin,
        level: Compression.defaultLevel)
    case .custom(let types, let bytesMin, let level):
      self.init(types: types, bytesMin: bytesMin, level: level)
    }
  }

  private init(isOn: Bool = true, types: [String], bytesMin: Int, level: Int) {
    self.isOn = isOn
    self.bytesMin = bytesMin
    self.level = level
    patterns = types.map { $0.utf8.map(ByteClass.lowercased) }
  }

  /// Whether a body is to be compressed for who likes that. `bytes`: its length; nil where nobody
  /// knows.
  func applies(to contentType: Span<UInt8>, bytes: Int?) -> Bool {
    isOn && bytes.map { $0 >= bytesMin } ?? true && matches(contentType)
  }

  /// Whether a Content-Type is of one of the types. An event stream never is: its events are small
  /// and awaited one by one, and many of its readers take none compressed.
  func matches(_ contentType: Span<UInt8>) -> Bool {
    var end = contentType.index(of: 0x3b, from: 0) ?? contentType.count
    while end > 0, contentType[end - 1] == 0x20 || contentType[end - 1] == 0x09 { end &-= 1 }
    let type = contentType.extracting(0..<end)
    // The longest there can be (RFC 6838 §4.2); it bounds the work, too.
    if type.isEmpty || type.count > MediaType.bytesMax { return false }
    if type.equalsIgnoringCase("text/event-stream") { return false }
    var index = 0
    while index < patterns.count {
      if Self.matches(type, patterns[index]) { return true }
      index &+= 1
    }
    return false
  }

  /// In time of the product of the two lengths, whatever the pattern: it goes back to the last `*`
  /// alone.
  private static func matches(_ type: Span<UInt8>, _ pattern: [UInt8]) -> Bool {
    var (place, index) = (0, 0)
    var (star, retry) = (-1, 0)
    while index < type.count {
      if place < pattern.count, pattern[place] == 0x2a {
        (star, retry) = (place, index)
        place &+= 1
      } else if place < pattern.count, pattern[place] == ByteClass.lowercased(type[index]) {
        place &+= 1
        index &+= 1
      } else if star >= 0 {
        retry &+= 1
        (place, index) = (star + 1, retry)
      } else {
        return false
      }
    }
    while place < pattern.count, pattern[place] == 0x2a { place &+= 1 }
    return place == pattern.count
  }
}
