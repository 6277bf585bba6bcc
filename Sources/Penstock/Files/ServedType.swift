import Wire

/// The content type of a stored file: which one is kept, and what it is served as.
enum ServedType {
  private static let unknown = Array("application/octet-stream".utf8)

  /// A media type in visible ASCII, so that it can stand in JSON and in a field alike.
  static func canBeKept(_ type: [UInt8]) -> Bool {
    type.allSatisfy { 0x20...0x7e ~= $0 } && MediaType.isWellFormed(type.span)
  }

  /// What a browser would run on Penstock's origin is told as bytes: for all that the other fields
  /// of the answer forbid as well. So is what is no media type, whoever wrote it.
  static func of(_ type: [UInt8]) -> [UInt8] {
    var scanner = MediaTypeScanner()
    guard canBeKept(type), scanner.readType(type.span),
      !isActive(type.span[scanner.type], type.span[scanner.subtype])
    else { return unknown }
    return type
  }

  private static func isActive(_ type: Span<UInt8>, _ subtype: Span<UInt8>) -> Bool {
    if type.equalsIgnoringCase("multipart") || type.equalsIgnoringCase("message") { return true }
    let name = subtype.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }.lowercased()
    return name.hasSuffix("html") || name.hasSuffix("script") || name == "xsl" || name == "xml"
      || name.hasSuffix("+xml")
  }
}
