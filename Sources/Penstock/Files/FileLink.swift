import Wire

/// What a link to a binary result says: which file, until when, and that Penstock has said so.
///
/// `/files/{id}?expires={unix seconds}&signature={64 hexadecimal digits}`, in this one form. It is
/// read, and its signature checked, before any file is looked at; no path is ever made of another.
struct FileLink: Equatable {
  let id: FileID
  let expiresUnixSeconds: Int

  // MARK: Writing

  /// Appends path and query, signed.
  func append(signedBy key: SigningKey, into out: inout ByteBuffer) {
    out.append("/files/")
    out.append(id.text)
    out.append("?expires=")
    out.append(decimal: expiresUnixSeconds)
    out.append("&signature=")
    out.append(key.signature(of: message.span))
  }

  /// What is signed.
  private var message: [UInt8] {
    var text = ByteBuffer()
    text.append("penstock file 1\n")
    text.append(id.text)
    text.append(0x0a)
    text.append(decimal: expiresUnixSeconds)
    return Array(text)
  }

  // MARK: Reading

  /// Reads a request target and checks its signature by each of the keys, in a time that says
  /// nothing about them; nil where it is no link of theirs.
  init?(_ target: Span<UInt8>, keys: [SigningKey]) {
    let prefix = 7
    let idEnd = prefix + FileID.textBytes
    guard target.count > idEnd, target.starts(with: "/files/"),
      let id = FileID(target.extracting(prefix..<idEnd))
    else { return nil }
    let query = target.extracting(idEnd..<target.count)
    let expiresStart = 9
    guard query.starts(with: "?expires="), let mark = query.index(of: 0x26, from: expiresStart)
    else { return nil }
    let digits = query.extracting(expiresStart..<mark)
    guard (1...11).contains(digits.count), let expires = Framing.decimal(digits),
      digits.count == 1 || digits[0] != 0x30
    else { return nil }
    let rest = query.extracting(mark..<query.count)
    let name = 11
    guard rest.starts(with: "&signature="), rest.count == name + 64 else { return nil }
    self.id = id
    expiresUnixSeconds = expires
    let shown = rest.extracting(name..<rest.count)
    let signed = message
    var isValid = false
    for key in keys where Self.isSame(key.signature(of: signed.span), shown) { isValid = true }
    if !isValid { return nil }
  }

  init(id: FileID, expiresUnixSeconds: Int) {
    self.id = id
    self.expiresUnixSeconds = expiresUnixSeconds
  }

  /// Without branches, so that its time says nothing about where two signatures differ.
  private static func isSame(_ signature: [UInt8], _ shown: Span<UInt8>) -> Bool {
    var difference: UInt8 = 0
    for index in 0..<64 { difference |= signature[index] ^ shown[index] }
    return difference == 0
  }
}
