/// A query parameter that a credential fills.
public struct QuerySlot: Sendable {
  /// The parameter's name as configured, not encoded.
  public let name: String
  /// `name=value`, both percent-encoded.
  public let pair: Secret

  public init(name: String, value: [UInt8]) {
    self.name = name
    pair = Secret(Self.encoded(Array(name.utf8)) + [0x3d] + Self.encoded(value))
  }

  /// The value as it stands in the pair.
  var encodedValue: Secret {
    let name = Self.encoded(Array(name.utf8))
    return pair.part(name.count + 1..<pair.count)
  }

  /// Leaves RFC 3986 unreserved characters alone and encodes everything else.
  static func encoded(_ bytes: [UInt8]) -> [UInt8] {
    let digits = Array("0123456789ABCDEF".utf8)
    var result: [UInt8] = []
    for byte in bytes {
      switch byte {
      case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x2e, 0x5f, 0x7e:
        result.append(byte)
      default:
        result += [0x25, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return result
  }
}
