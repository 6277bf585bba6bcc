import Wire

extension Account {
  /// True where the account itself sets the field, as a credential, a header or because it sends
  /// traces on: one of the caller's would be a second opinion. `_` counts as `-`.
  func sets(_ name: Span<UInt8>) -> Bool {
    for slot in credential.headerLines
    where HeaderNames.matchesLoosely(name, slot.nameBytes.span) { return true }
    for header in headers
    where HeaderNames.matchesLoosely(name, header.nameBytes.span) { return true }
    if !trace { return false }
    return name.equalsIgnoringCase("traceparent") || name.equalsIgnoringCase("tracestate")
  }
}
