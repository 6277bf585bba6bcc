/// What a client's Accept-Encoding fields say of the codings that Penstock can make
/// (RFC 9110 §12.5.3).
///
/// Weights only, so that it outlives the request's bytes. By the RFC no field at all accepts
/// anything; here it accepts identity alone, for who does not ask can mostly not unpack.
public struct AcceptEncoding: Equatable, Sendable {
  /// What can be put on a body.
  public enum Coding: Sendable {
    case gzip, deflate
  }

  // In thousandths.
  private var gzip = unsaid
  private var deflate = unsaid
  private var identity = unsaid
  private var anyOther = unsaid

  private static let unsaid: Int16 = -1

  public init() {}

  // MARK: Reading

  /// Takes one field line in. Time grows with its length and no faster.
  public mutating func add(_ value: Span<UInt8>) {
    var list = TokenList()
    while let slice = list.next(value) { take(value[slice]) }
  }

  /// A weight that is none refuses a coding. For identity and `*` it says nothing: there it would
  /// refuse what is always safe to send.
  private mutating func take(_ text: Span<UInt8>) {
    let element = Element(text)
    let name = text[element.name]
    if Self.isSame(name, "gzip", orAlias: "x-gzip") {
      Self.lower(&gzip, to: element.weight ?? 0)
    } else if name.equalsIgnoringCase("deflate") {
      Self.lower(&deflate, to: element.weight ?? 0)
    } else if let weight = element.weight {
      if name.equalsIgnoringCase("identity") { Self.lower(&identity, to: weight) }
      if name.equals("*") { Self.lower(&anyOther, to: weight) }
    }
  }

  /// Of two weights for one name the lower holds: refusing is never wrong.
  private static func lower(_ weight: inout Int16, to other: Int16) {
    weight = weight == unsaid ? other : min(weight, other)
  }

  private static func isSame(
    _ name: Span<UInt8>, _ coding: StaticString, orAlias alias: StaticString
  ) -> Bool {
    name.equalsIgnoringCase(coding) || name.equalsIgnoringCase(alias)
  }

  // MARK: What it says

  public var acceptsGzip: Bool { weight(of: gzip) > 0 }
  public var acceptsDeflate: Bool { weight(of: deflate) > 0 }
  /// False exactly when identity is refused, by name or by `*`.
  public var acceptsIdentity: Bool { (identity == Self.unsaid ? anyOther : identity) != 0 }

  /// The coding that the client would rather have than none; gzip where it likes both as well.
  /// A `*` stands for gzip alone here: deflate, which clients read in two ways, is made only for
  /// those who name it.
  public var preferred: Coding? {
    let gzip = weight(of: gzip)
    let best = max(gzip, deflate)
    if best <= 0 || best < identity { return nil }
    return gzip == best ? .gzip : .deflate
  }

  private func weight(of own: Int16) -> Int16 {
    own == Self.unsaid ? max(anyOther, 0) : own
  }

  // MARK: One element

  private struct Element {
    let name: Slice
    /// 0 to 1000; nil where what stands behind the name is no weight.
    let weight: Int16?

    init(_ text: Span<UInt8>) {
      let semicolon = text.index(of: 0x3b, from: 0) ?? text.count
      var end = semicolon
      while end > 0, text[end - 1] == 0x20 || text[end - 1] == 0x09 { end &-= 1 }
      name = Slice(start: 0, count: end)
      weight = semicolon == text.count ? 1000 : Self.weight(text, from: semicolon + 1)
    }

    private static func weight(_ text: Span<UInt8>, from start: Int) -> Int16? {
      var index = start
      while index < text.count, text[index] == 0x20 || text[index] == 0x09 { index &+= 1 }
      guard text.count - index > 2, text[index] | 0x20 == 0x71, text[index + 1] == 0x3d else {
        return nil
      }
      return Weight.thousandths(text.extracting(index + 2..<text.count))
    }
  }
}
