/// How much a peer would like something, behind the `q=` of its field (RFC 9110 §12.4.2).
public enum Weight {
  /// 0 to 1000: a digit, and at the most a point and three more. Nil where the text is none.
  public static func thousandths(_ text: Span<UInt8>) -> Int16? {
    guard (1...5).contains(text.count) else { return nil }
    if text.count > 1, text[1] != 0x2e { return nil }
    var value: Int16 = 0
    var place = 0
    while place < 5 {
      let byte = place < text.count ? text[place] : 0x30
      if !ByteClass.isDigit(byte) { return nil }
      value = value * 10 + Int16(byte - 0x30)
      place &+= place == 0 ? 2 : 1  // not the point
    }
    return value <= 1000 ? value : nil
  }
}
