import Wire

/// What secrets look like where they must not stand: beside the injector the one reader of them.
///
/// Each is read once, when a configuration is made, for the matcher that keeps hashes of its forms.
/// Percent-encoding is none of them: texts are decoded before they are searched. Base64 of a secret
/// looks different behind one byte or two, so there are three of it; hexadecimal digits do not.
enum SecretForms {
  /// How a form relates to the secret.
  struct Traits: OptionSet {
    let rawValue: UInt8

    static let base64 = Traits(rawValue: 1)
    /// The character in front of it holds bits of the secret, too.
    static let openInFront = Traits(rawValue: 2)
    /// And so does the one behind it.
    static let openBehind = Traits(rawValue: 4)
    static let hexadecimal = Traits(rawValue: 8)

    var coding: SecretSearch.Coding {
      contains(.base64) ? .base64 : contains(.hexadecimal) ? .hexadecimal : .none
    }
  }

  /// What is shorter is no secret that could be told from other words.
  static let leastBytes = 8

  /// Calls `body` with each form of each secret, and the secret's index among the names that it
  /// returns. `short`: the names of those that are not searched for.
  static func forEach(
    of accounts: [Account], and others: [NamedSecret],
    _ body: (Int, Traits, Span<UInt8>) -> Void
  ) -> (names: [SecretName], short: [SecretName]) {
    var names: [SecretName] = []
    var short: [SecretName] = []
    func visit(_ name: SecretName, _ bytes: Span<UInt8>) {
      if bytes.count < leastBytes {
        if !bytes.isEmpty { short.append(name) }
        return
      }
      forEachForm(of: bytes) { body(names.count, $0, $1) }
      names.append(name)
    }
    names.reserveCapacity(accounts.count + others.count)
    for account in accounts { forEachSecret(of: account, visit) }
    for other in others { other.secret.withBytes { visit(other.name, $0) } }
    return (names, short)
  }

  private static func forEachForm(
    of secret: Span<UInt8>, _ body: (Traits, Span<UInt8>) -> Void
  ) {
    body([], secret)
    forEachBase64(of: secret, body)
    let digits = hexadecimal(of: secret)
    body(.hexadecimal, digits.span)
    // One that reads as percent-encoding itself, in a text in which only a part of it is encoded.
    var decoded = ByteBuffer()
    decoded.holdsSecrets = true
    if secret.index(of: 0x25, from: 0) != nil, PercentCoding.decode(secret, into: &decoded),
      decoded.count >= leastBytes
    {
      body([], decoded.span)
    }
  }

  // MARK: The secrets of an account

  private static func forEachSecret(
    of account: Account, _ visit: (SecretName, Span<UInt8>) -> Void
  ) {
    let values = account.credential.values
    let owner = account.index
    switch account.credential.kind {
    case .none: break
    case .bearer: values[0].withBytes { visit(SecretName(.bearerToken, owner: owner), $0) }
    case .basic: values[0].withBytes { forEachSecret(ofBasic: $0, owner, visit) }
    case .header:
      for position in account.credential.headerLines.indices {
        let name = SecretName(.header, owner: owner, position: position)
        values[position].withBytes { value in
          visit(name, value)
          forEachPart(ofHeader: value) { visit(name, $0) }
        }
      }
    case .query: values[0].withBytes { visit(SecretName(.query, owner: owner), $0) }
    }
  }

  /// The parts of a header's value, each a secret of its own.
  static func parts(ofHeader value: Secret) -> [Secret] {
    var parts: [Secret] = []
    value.withBytes { value in
      forEachPart(ofHeader: value) { part in
        var bytes: [UInt8] = []
        for index in 0..<part.count { bytes.append(part[index]) }
        parts.append(Secret(bytes))
      }
    }
    return parts
  }

  /// The parts but for the scheme in front and names: of `Token abc` or `key=abc` the last is what
  /// proves the account.
  private static func forEachPart(
    ofHeader value: Span<UInt8>, _ visit: (Span<UInt8>) -> Void
  ) {
    var start = 0
    for end in 0...value.count where end == value.count || isDelimiter(value[end]) {
      let part = start..<end
      start = end + 1
      if part.count < leastBytes || part.count == value.count { continue }
      if !isName(part, of: value) { visit(value.extracting(part)) }
    }
  }

  /// A scheme has a space behind it, a name the `=` of its value, which is no padding of Base64:
  /// that ends the value, or stands in front of the quote that closes it.
  private static func isName(_ part: Range<Int>, of value: Span<UInt8>) -> Bool {
    let end = part.upperBound
    if end == value.count { return false }
    if value[end] == 0x20 { return part.lowerBound == 0 }
    guard value[end] == 0x3d, end + 1 < value.count else { return false }
    if value[end + 1] == 0x22 { return part.lowerBound == 0 || value[part.lowerBound - 1] != 0x22 }
    return !isDelimiter(value[end + 1])
  }

  private static func isDelimiter(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x20, 0x22, 0x2c, 0x3b, 0x3d: true  // SP " , ; =
    default: false
    }
  }

  /// `encoded`: user name and password in Base64. Either may be what proves the account, for some
  /// services take a token in one and anything in the other.
  private static func forEachSecret(
    ofBasic encoded: Span<UInt8>, _ owner: Int, _ visit: (SecretName, Span<UInt8>) -> Void
  ) {
    var pair = ByteBuffer()
    pair.holdsSecrets = true
    guard (try? Base64.decode(encoded, into: &pair)) != nil,
      let colon = pair.span.index(of: 0x3a, from: 0)
    else { return }
    visit(SecretName(.userAndPassword, owner: owner), pair.span)
    visit(SecretName(.userName, owner: owner), pair.span.extracting(0..<colon))
    let password = pair.span.extracting((colon + 1)..<pair.count)
    visit(SecretName(.password, owner: owner), password)
  }

  // MARK: Codings

  private static func hexadecimal(of secret: Span<UInt8>) -> ByteBuffer {
    var digits = ByteBuffer()
    digits.holdsSecrets = true
    for index in 0..<secret.count { digits.append(twoDigits: secret[index]) }
    return digits
  }

  /// What of the encoding is the same whatever stands before and behind the secret.
  private static func forEachBase64(
    of secret: Span<UInt8>, _ body: (Traits, Span<UInt8>) -> Void
  ) {
    for before in 0..<3 {
      var bytes = ByteBuffer()
      var encoded = ByteBuffer()
      bytes.holdsSecrets = true
      encoded.holdsSecrets = true
      for _ in 0..<before { bytes.append(0) }
      bytes.append(secret)
      Base64.encode(bytes.span, into: &encoded)
      let bits = bytes.count * 8
      var traits = Traits.base64
      if before > 0 { traits.insert(.openInFront) }
      if bits % 6 != 0 { traits.insert(.openBehind) }
      body(traits, encoded.span.extracting(((before * 8 + 5) / 6)..<(bits / 6)))
    }
  }
}
