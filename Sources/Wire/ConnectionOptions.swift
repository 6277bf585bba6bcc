/// What the Connection fields of a head say (RFC 9110 §7.6.1).
public struct ConnectionOptions: Sendable {
  public private(set) var hasClose = false
  public private(set) var hasKeepAlive = false
  /// True exactly when another field is nominated, which is then hop-by-hop too.
  public private(set) var hasNominated = false

  public init(_ fields: borrowing FieldTable, _ bytes: Span<UInt8>) {
    var index = 0
    while index < fields.count {
      let field = fields[index]
      if field.known == .connection { read(bytes[field.value]) }
      index &+= 1
    }
  }

  private mutating func read(_ value: Span<UInt8>) {
    var tokens = TokenList()
    while let token = tokens.next(value) {
      let name = value[token]
      if name.equalsIgnoringCase("close") {
        hasClose = true
      } else if name.equalsIgnoringCase("keep-alive") {
        hasKeepAlive = true
      } else {
        hasNominated = true
      }
    }
  }

  /// True where a Connection field nominates the field.
  public func nominates(
    _ name: Span<UInt8>, _ fields: borrowing FieldTable, _ bytes: Span<UInt8>
  ) -> Bool {
    if !hasNominated { return false }
    var index = 0
    while index < fields.count {
      let field = fields[index]
      index &+= 1
      if field.known != .connection { continue }
      let value = bytes[field.value]
      var tokens = TokenList()
      while let token = tokens.next(value) {
        if value[token].equalsIgnoringCase(name) { return true }
      }
    }
    return false
  }
}
