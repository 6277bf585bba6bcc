/// Bodies to encode.
enum Sample: CaseIterable {
  case text
  case random
  case zeros
  /// Runs of the three others, so that blocks of every kind stand beside each other.
  case mixed

  /// Sizes around those of buffers, windows and stored blocks.
  static let sizes = [0, 1, 2, 255, 256, 16383, 16384, 16385, 32768, 65535, 65536, 65537]

  func bytes(_ count: Int, _ random: inout TestRandom) -> [UInt8] {
    switch self {
    case .zeros: return [UInt8](repeating: 0, count: count)
    case .random:
      var bytes: [UInt8] = []
      bytes.reserveCapacity(count + 4)
      while bytes.count < count { bytes += Oracle.littleEndian(UInt32(random.below(1 << 32))) }
      return Array(bytes[..<count])
    case .text:
      var text: [UInt8] = []
      while text.count < count {
        let (id, name) = (random.below(100_000), random.below(50))
        text += "{\"id\":\(id),\"name\":\"n\(name)\",\"ok\":true},".utf8
      }
      return Array(text[..<count])
    case .mixed:
      var bytes: [UInt8] = []
      while bytes.count < count {
        let part: [Sample] = [.text, .random, .zeros]
        bytes += part[random.below(3)].bytes(1 + random.below(20000), &random)
      }
      return Array(bytes[..<count])
    }
  }
}
