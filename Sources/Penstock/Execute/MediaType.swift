import Wire

/// What a Content-Type says about a body, as far as the execute endpoint cares.
struct MediaType: Equatable {
  enum Kind {
    case json, text, form, binary
    /// There is no Content-Type.
    case undeclared
  }

  enum Charset {
    /// Declared, or not declared at all; US-ASCII is a part of it.
    case utf8
    case latin1, windows1252, other

    /// Of a body that is text; one in another charset is none.
    var ofText: TextEscaper.Charset {
      switch self {
      case .utf8, .other: .utf8
      case .latin1: .latin1
      case .windows1252: .windows1252
      }
    }
  }

  let kind: Kind
  let charset: Charset

  static let undeclared = MediaType(kind: .undeclared)

  var isJSON: Bool { kind == .json }

  /// The longest `binary_body.content_type`, in bytes.
  static let bytesMax = 255

  private init(kind: Kind, charset: Charset = .utf8) {
    self.kind = kind
    self.charset = charset
  }

  /// Lenient behind the type itself: many servers leave a stray `;` or an empty charset.
  init(_ value: Span<UInt8>) {
    if value.isEmpty {
      self = .undeclared
      return
    }
    var scanner = MediaTypeScanner()
    guard scanner.readType(value) else {
      self.init(kind: .binary)
      return
    }
    let kind = Self.kind(value[scanner.type], value[scanner.subtype])
    var charset = Charset.utf8
    while scanner.readParameter(value) {
      if value[scanner.name].equalsIgnoringCase("charset") {
        charset = Self.charset(value[scanner.value])
        break
      }
    }
    self.init(kind: kind, charset: charset)
  }

  /// What the first Content-Type of a response says.
  init(of head: borrowing ResponseHead, _ bytes: Span<UInt8>) {
    var index = 0
    while index < head.fields.count {
      let field = head.fields[index]
      index &+= 1
      if field.known == .contentType {
        self.init(bytes[field.value])
        return
      }
    }
    self = .undeclared
  }

  /// Whether an envelope may come under this Content-Type: JSON, and UTF-8 where it says so.
  static func isJSONRequest(_ value: Span<UInt8>) -> Bool {
    var scanner = MediaTypeScanner()
    guard scanner.readType(value), value[scanner.type].equalsIgnoringCase("application"),
      value[scanner.subtype].equalsIgnoringCase("json")
    else { return false }
    while scanner.readParameter(value) {
      guard value[scanner.name].equalsIgnoringCase("charset"),
        value[scanner.value].equalsIgnoringCase("utf-8")
      else { return false }
    }
    return scanner.isAtEnd(of: value)
  }

  /// Whether it can be sent as a Content-Type.
  static func isWellFormed(_ value: Span<UInt8>) -> Bool {
    guard value.count <= bytesMax else { return false }
    var scanner = MediaTypeScanner()
    guard scanner.readType(value) else { return false }
    while scanner.readParameter(value) {}
    return scanner.isAtEnd(of: value)
  }

  private static func kind(_ type: Span<UInt8>, _ subtype: Span<UInt8>) -> Kind {
    let isApplication = type.equalsIgnoringCase("application")
    if ends(subtype, with: "+json") { return .json }
    if isApplication, subtype.equalsIgnoringCase("json") { return .json }
    if type.equalsIgnoringCase("text") || ends(subtype, with: "+xml") { return .text }
    guard isApplication else { return .binary }
    if subtype.equalsIgnoringCase("x-www-form-urlencoded") { return .form }
    if subtype.equalsIgnoringCase("xml") || subtype.equalsIgnoringCase("javascript")
      || subtype.equalsIgnoringCase("x-javascript") || subtype.equalsIgnoringCase("ecmascript")
    {
      return .text
    }
    return .binary
  }

  private static func charset(_ name: Span<UInt8>) -> Charset {
    if name.equalsIgnoringCase("utf-8") || name.equalsIgnoringCase("utf8")
      || name.equalsIgnoringCase("us-ascii") || name.equalsIgnoringCase("ascii") || name.isEmpty
    {
      return .utf8
    }
    if name.equalsIgnoringCase("iso-8859-1") || name.equalsIgnoringCase("iso8859-1")
      || name.equalsIgnoringCase("latin1") || name.equalsIgnoringCase("latin-1")
    {
      return .latin1
    }
    if name.equalsIgnoringCase("windows-1252") || name.equalsIgnoringCase("cp1252") {
      return .windows1252
    }
    return .other
  }

  private static func ends(_ text: Span<UInt8>, with suffix: StaticString) -> Bool {
    let count = suffix.utf8CodeUnitCount
    return text.count > count
      && text.extracting((text.count - count)..<text.count).equalsIgnoringCase(suffix)
  }
}
