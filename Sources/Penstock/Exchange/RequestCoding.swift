import Body
import Wire

/// What happens to the coding of a request's body on its way to the upstream. Pure.
///
/// As it came, unless the account says otherwise: it may want bodies unpacked that it could not
/// read, or plain ones in gzip.
struct RequestCoding {
  private(set) var plan = ResponseCoding.Plan.asIs

  /// Plain bodies below it gain nothing.
  private static let bytesMin = Compression.defaultBytesMin

  init(
    _ head: borrowing RequestHead, _ bytes: Span<UInt8>, _ framing: Framing, _ account: Account
  ) {
    if !account.requestDecompression && !account.requestCompression { return }
    let applied = Applied(head, bytes)
    // A range of a representation cannot be coded by itself.
    if applied.isRange { return }
    if account.requestDecompression, let coding = applied.single {
      plan = .decode(coding)
    } else if account.requestCompression, applied.count == 0, Self.isLarge(framing) {
      plan = .encode(.gzip)
    }
  }

  /// What the head says of the body's codings.
  struct Applied {
    /// `identity` does not count.
    private(set) var count = 0
    private(set) var isRange = false
    private var last: ContentCoding?

    /// The only one, where Penstock can take it off.
    var single: ContentCoding? { count == 1 ? last : nil }

    init(_ head: borrowing RequestHead, _ bytes: Span<UInt8>) {
      var index = 0
      while index < head.fields.count {
        let field = head.fields[index]
        index &+= 1
        if field.known == .contentRange { isRange = true }
        if field.known == .contentEncoding { take(bytes[field.value]) }
      }
    }

    private mutating func take(_ value: Span<UInt8>) {
      var list = TokenList()
      while let name = list.next(value) {
        if value[name].equalsIgnoringCase("identity") { continue }
        count += 1
        last = ContentCoding(named: value[name])
      }
    }
  }

  private static func isLarge(_ framing: Framing) -> Bool {
    switch framing {
    case .length(let count): count >= bytesMin
    case .chunked: true
    case .none, .untilClose: false
    }
  }
}
