/// Finds the ends of events in an event stream, whatever pieces it comes in (HTML §9.2.5).
///
/// An event is lines up to an empty one; lines end in CR, LF or both. What holds no line is none.
struct EventScanner {
  private var hasLine = false
  private var isLineEmpty = true
  private var isBehindReturn = false

  mutating func countEvents(in bytes: Span<UInt8>) -> Int {
    var count = 0
    var index = 0
    while index < bytes.count {
      let byte = bytes[index]
      index &+= 1
      let wasBehindReturn = isBehindReturn
      isBehindReturn = byte == 0x0d
      if byte == 0x0a, wasBehindReturn { continue }
      if byte != 0x0a, byte != 0x0d {
        isLineEmpty = false
        continue
      }
      if isLineEmpty {
        if hasLine { count += 1 }
        hasLine = false
      } else {
        hasLine = true
      }
      isLineEmpty = true
    }
    return count
  }
}
