import Body
import Wire

/// What happens to the coding of a response's body on its way to the client. Pure.
struct ResponseCoding: Equatable {
  enum Plan: Equatable {
    case asIs
    case encode(ContentCoding)
    /// Takes off what the upstream put on.
    case decode(ContentCoding)
  }

  var plan = Plan.asIs
  /// Another client could get this response in another coding, so that caches must be told (Vary).
  var varies = false

  static let asIs = ResponseCoding()

  var isTransformed: Bool { plan != .asIs }

  init(plan: Plan = .asIs, varies: Bool = false) {
    self.plan = plan
    self.varies = varies
  }

  /// `framing`: in which the upstream's body comes.
  init(
    _ head: borrowing ResponseHead, _ bytes: Span<UInt8>, framing: Framing,
    accepted: AcceptEncoding, rule: CompressionRule, isToHead: Bool
  ) {
    // HEAD is asked what GET would bring, which only its fields tell.
    let facts = Facts(head.fields, bytes)
    let length = isToHead ? facts.length : Self.length(framing)
    if framing == .none, !isToHead { return }
    if facts.isFixed || !Self.isWhole(head.status) { return }
    switch facts.coding {
    case .identity:
      guard length != 0, facts.types == 1, rule.applies(to: bytes[facts.type], bytes: length)
      else { return }
      varies = true
      if !isToHead, let preferred = accepted.preferred { plan = .encode(ContentCoding(preferred)) }
    case .known(let coding):
      varies = true
      let isAccepted =
        switch coding {
        case .gzip: accepted.acceptsGzip
        case .deflate: accepted.acceptsDeflate
        }
      if !isToHead, !isAccepted, accepted.acceptsIdentity { plan = .decode(coding) }
    case .other: return
    }
  }

  /// For one who reads the body itself: every coding that can be taken off is.
  init(
    toRead head: borrowing ResponseHead, _ bytes: Span<UInt8>, framing: Framing, isToHead: Bool
  ) {
    if framing == .none || isToHead || !Self.isWhole(head.status) { return }
    if case .known(let coding) = Facts(head.fields, bytes).coding { plan = .decode(coding) }
  }

  private static func length(_ framing: Framing) -> Int? {
    if case .length(let count) = framing { count } else { nil }
  }

  /// False for a status without a body, and for one with a part of a body.
  private static func isWhole(_ status: Int) -> Bool {
    switch status {
    case 100..<200, 204, 205, 206, 304: false
    default: true
    }
  }

  /// What the fields say that bears on it.
  private struct Facts {
    enum Coding: Equatable {
      case identity
      case known(ContentCoding)
      /// One that Penstock cannot take off, or several.
      case other
    }

    var coding = Coding.identity
    var length: Int?
    var type = Slice.empty
    /// How many Content-Type fields there are.
    var types = 0
    /// Nobody may change the body: by `no-transform`, or for it is a range of bytes.
    var isFixed = false

    private var codings = 0

    init(_ fields: borrowing FieldTable, _ bytes: Span<UInt8>) {
      var index = 0
      while index < fields.count {
        let field = fields[index]
        index &+= 1
        switch field.known {
        case .cacheControl:
          if CacheControl.forbidsTransforming(bytes[field.value]) { isFixed = true }
        case .contentEncoding: takeCodings(bytes[field.value])
        case .contentLength: length = Framing.decimal(bytes[field.value])
        case .contentRange: isFixed = true
        case .contentType:
          type = field.value
          types += 1
        default: break
        }
      }
    }

    private mutating func takeCodings(_ value: Span<UInt8>) {
      var list = TokenList()
      while let slice = list.next(value) {
        codings += 1
        coding = codings == 1 ? Self.coding(value[slice]) : .other
      }
    }

    private static func coding(_ name: Span<UInt8>) -> Coding {
      if name.equalsIgnoringCase("identity") { return .identity }
      return ContentCoding(named: name).map { .known($0) } ?? .other
    }
  }
}
