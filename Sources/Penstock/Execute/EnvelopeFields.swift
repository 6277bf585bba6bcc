import Wire

/// The values of one object of an envelope, by the names that Penstock reads. A null is absent.
struct EnvelopeFields {
  /// One for each case of `EnvelopeField`.
  private var values: [27 of JSONSlice?] = .init(repeating: nil)
  private(set) var hasDuplicate = false
  private(set) var isFull = false

  /// Reads the members of the object that `scanner` has entered, to its end.
  init(
    _ scanner: inout JSONScanner, _ envelope: Span<UInt8>, _ keys: inout JSONKeySet
  ) throws(JSONFault) {
    keys.removeAll()
    while let member = try scanner.nextMember(envelope) {
      switch keys.insert(member.key, in: envelope) {
      case .added: break
      case .duplicate: hasDuplicate = true
      case .full: isFull = true
      }
      if member.value.kind == .null { continue }
      if let field = EnvelopeField(member.key, in: envelope) {
        values[field.rawValue] = member.value
      }
    }
  }

  subscript(field: EnvelopeField) -> JSONSlice? { values[field.rawValue] }
}
