/// What the parties of a trace have to say to each other: `tracestate`, which goes on as it came
/// (W3C Trace Context §3.3).
public enum TraceState {
  /// Members of one list. One that has more is not valid.
  public static let membersMax = 32
  /// What is passed on of a list, its commas included. Of a longer one members over
  /// `longMemberBytes` go first, then the last ones (§3.3.1.5).
  public static let bytesMax = 512
  public static let longMemberBytes = 128
  /// Of a key, and of a value.
  private static let partBytesMax = 256

  /// Appends one field that joins all of the head's; nothing where they are no valid list.
  public static func appendField(
    _ fields: borrowing FieldTable, _ bytes: Span<UInt8>, into out: inout ByteBuffer
  ) {
    let start = out.count
    out.append("tracestate: ")
    let listStart = out.count
    var isValid = appendMembers(fields, bytes, isCut: false, into: &out)
    if isValid, out.count - listStart > bytesMax {
      out.truncate(to: listStart)
      isValid = appendMembers(fields, bytes, isCut: true, into: &out)
    }
    if isValid, out.count > listStart {
      out.append("\r\n")
    } else {
      out.truncate(to: start)
    }
  }

  /// False where a member is not valid, or one too many.
  private static func appendMembers(
    _ fields: borrowing FieldTable, _ bytes: Span<UInt8>, isCut: Bool, into out: inout ByteBuffer
  ) -> Bool {
    let start = out.count
    var members = 0
    var index = 0
    while index < fields.count {
      let field = fields[index]
      index &+= 1
      if field.known != .tracestate { continue }
      let value = bytes[field.value]
      var list = TokenList()
      while let member = list.next(value) {
        members += 1
        if members > membersMax || !isMember(value[member]) { return false }
        if isCut, member.count > longMemberBytes { continue }
        let comma = out.count > start ? 1 : 0
        if isCut, out.count - start + comma + Int(member.count) > bytesMax { return true }
        if comma > 0 { out.append(0x2c) }
        out.append(value[member])
      }
    }
    return true
  }

  /// `key=value`, by the grammar of level 2, which is the wider one.
  private static func isMember(_ member: Span<UInt8>) -> Bool {
    guard let equals = member.index(of: 0x3d, from: 0) else { return false }
    let valueCount = member.count - equals - 1
    guard 1...partBytesMax ~= equals, 1...partBytesMax ~= valueCount,
      isKeyStart(member[0])
    else { return false }
    var index = 1
    while index < equals {
      if !isKeyByte(member[index]) { return false }
      index &+= 1
    }
    index = equals + 1
    while index < member.count {
      if !(0x20...0x7e ~= member[index]) || member[index] == 0x3d { return false }
      index &+= 1
    }
    return true
  }

  private static func isKeyStart(_ byte: UInt8) -> Bool {
    0x61...0x7a ~= byte || ByteClass.isDigit(byte)
  }

  private static func isKeyByte(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x5f, 0x2d, 0x2a, 0x2f, 0x40: true  // _ - * / @
    default: isKeyStart(byte)
    }
  }
}
