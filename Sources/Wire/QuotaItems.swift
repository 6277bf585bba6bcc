/// Quotas that stand in one field: `limit=100, remaining=50, reset=5`, or `"name";r=50;t=30`, one
/// behind the other, or as a policy `"name";q=100;w=60`.
///
/// A comma in a name splits it like any other: its last part is then its name, here and there.
struct QuotaItems {
  /// The quotas that are looked at; what stands behind them is not.
  private var quotas: [8 of Quota] = .init(repeating: Quota())
  private var names: [8 of Slice] = .init(repeating: .empty)
  private(set) var count = 0
  /// Where the members of the first form are.
  private var dictionary: Int?

  /// The reset as the upstream said it.
  subscript(index: Int) -> Quota { quotas[index] }

  /// A slice of the message's bytes.
  func name(_ index: Int) -> Slice { names[index] }

  /// What the item of the name says of its limit.
  func limit(of name: Slice, _ bytes: Span<UInt8>) -> Int? {
    for index in 0..<count where bytes[names[index]].equals(bytes[name]) {
      return quotas[index].limit
    }
    return nil
  }

  /// Adds what a field says. `field`: its value, a slice of the message's bytes.
  mutating func add(_ field: Slice, _ bytes: Span<UInt8>) {
    let value = bytes[field]
    var list = TokenList()
    while count < quotas.count, let element = list.next(value) {
      let text = value[element]
      let nameEnd = text.index(of: 0x3b, from: 0) ?? text.count
      let name = text.extracting(0..<nameEnd)
      if !name.starts(with: "\""), let equals = name.index(of: 0x3d, from: 0) {
        addMember(name.extracting(0..<equals), name.extracting((equals + 1)..<nameEnd))
      } else {
        let quota = Self.quota(text.extracting(nameEnd..<text.count))
        guard quota.isSaid else { continue }
        names[count] = Slice(start: Int(field.start + element.start), count: nameEnd)
        quotas[count] = quota
        count += 1
      }
    }
  }

  private mutating func addMember(_ key: Span<UInt8>, _ value: Span<UInt8>) {
    guard let number = QuotaReader.number(value) else { return }
    let index = dictionary ?? count
    if key.equals("limit") {
      quotas[index].limit = number
    } else if key.equals("remaining") {
      quotas[index].remaining = number
    } else if key.equals("reset") {
      quotas[index].resetUnixSeconds = number
    } else {
      return
    }
    if dictionary == nil { count += 1 }
    dictionary = index
  }

  /// What the parameters behind a name say, each with its semicolon in front.
  private static func quota(_ parameters: Span<UInt8>) -> Quota {
    var quota = Quota()
    var index = 0
    while index < parameters.count {
      var start = index + 1
      let end = parameters.index(of: 0x3b, from: start) ?? parameters.count
      index = end
      while start < end, parameters[start] == 0x20 { start &+= 1 }
      guard end - start > 2, parameters[start + 1] == 0x3d,
        let number = QuotaReader.number(parameters.extracting((start + 2)..<end))
      else { continue }
      switch parameters[start] {
      case 0x71: quota.limit = number  // q
      case 0x72: quota.remaining = number  // r
      case 0x74: quota.resetUnixSeconds = number  // t
      default: break
      }
    }
    return quota
  }
}
