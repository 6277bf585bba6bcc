import Wire

/// What a file of the store is, by its name.
enum StoredName: Equatable {
  case part
  case whole(expiresUnixSeconds: Int)

  /// nil for what is none of the store's.
  init?(_ name: String) {
    let bytes = Array(name.utf8)
    let text = bytes.span
    guard text.count > FileID.textBytes, FileID(text.extracting(0..<FileID.textBytes)) != nil
    else { return nil }
    let rest = text.extracting(FileID.textBytes..<text.count)
    if rest.equals(".part") {
      self = .part
    } else if rest[0] == 0x2d, rest.count <= 12,
      let expires = Framing.decimal(rest.extracting(1..<rest.count))
    {
      self = .whole(expiresUnixSeconds: expires)
    } else {
      return nil
    }
  }

  static func part(_ id: FileID) -> String {
    "\(String(decoding: id.text, as: UTF8.self)).part"
  }

  static func whole(_ id: FileID, expiresUnixSeconds: Int) -> String {
    "\(String(decoding: id.text, as: UTF8.self))-\(expiresUnixSeconds)"
  }
}
