/// A hashed timing wheel (Varghese and Lauck, 1987): a ring of lists, one a tick of 4.2 ms.
///
/// Timeouts beyond the ring's 4.3 s wait in its last slot and are linked anew when it is reached.
/// Setting, clearing and expiring are O(1). The binary heap was rejected: a refresh a request would
/// sift it every time.
final class TimeoutWheel {
  private static let slotCount = 1024
  private static let tickShift: Int64 = 22

  private var slots = [Unmanaged<Timeout>?](repeating: nil, count: slotCount)
  /// Bit i of word w is set exactly when slot 64 w + i holds a timeout.
  private var occupied = [UInt64](repeating: 0, count: slotCount / 64)
  /// The last tick that was expired.
  private var currentTick: Int64

  init(nowNanoseconds: Int64) { currentTick = nowNanoseconds >> Self.tickShift }

  /// The first tick that lies wholly behind the deadline, at most a ring away.
  func tick(for deadlineNanoseconds: Int64) -> Int64 {
    let wanted = (deadlineNanoseconds >> Self.tickShift) &+ 1
    return min(max(wanted, currentTick + 1), currentTick + Int64(Self.slotCount) - 1)
  }

  /// The tick at which the slot of a linked timeout comes by.
  func linkedTick(of timeout: Timeout) -> Int64 {
    let ahead = (Int64(timeout.slot) - currentTick) & Int64(Self.slotCount - 1)
    return currentTick + (ahead == 0 ? Int64(Self.slotCount) : ahead)
  }

  func link(_ timeout: Timeout) {
    assert(timeout.slot < 0, "linked twice")
    let slot = Int(tick(for: timeout.deadlineNanoseconds)) & (Self.slotCount - 1)
    let first = slots[slot]
    timeout.slot = slot
    timeout.previous = nil
    timeout.next = first
    let reference = Unmanaged.passUnretained(timeout)
    first?._withUnsafeGuaranteedRef { $0.previous = reference }
    slots[slot] = reference
    occupied[slot >> 6] |= 1 << UInt64(slot & 63)
  }

  func unlink(_ timeout: Timeout) {
    assert(timeout.slot >= 0, "not linked")
    let slot = timeout.slot
    if let previous = timeout.previous {
      previous._withUnsafeGuaranteedRef { $0.next = timeout.next }
    } else {
      slots[slot] = timeout.next
      if timeout.next == nil { occupied[slot >> 6] &= ~(1 << UInt64(slot & 63)) }
    }
    timeout.next?._withUnsafeGuaranteedRef { $0.previous = timeout.previous }
    timeout.slot = -1
    timeout.next = nil
    timeout.previous = nil
  }

  /// Tells the owners of all timeouts that are due; links the others where they belong.
  func expire(nowNanoseconds: Int64) {
    let nowTick = nowNanoseconds >> Self.tickShift
    // After a long pause every slot is visited once, not once a tick that passed.
    currentTick = max(currentTick, nowTick - Int64(Self.slotCount))
    while currentTick < nowTick {
      currentTick += 1
      expireSlot(Int(currentTick) & (Self.slotCount - 1), nowNanoseconds)
    }
  }

  private func expireSlot(_ slot: Int, _ nowNanoseconds: Int64) {
    // Relinking never aims at the slot in hand, so the list only shrinks.
    while let timeout = slots[slot]?.takeUnretainedValue() {
      unlink(timeout)
      if timeout.deadlineNanoseconds <= nowNanoseconds {
        timeout.onExpired()
      } else if timeout.isSet {
        link(timeout)
      }
    }
  }

  /// How long the loop may sleep, in milliseconds; nil when nothing is set.
  func waitMilliseconds(nowNanoseconds: Int64) -> Int32? {
    var ahead = 1
    while ahead < Self.slotCount {
      let slot = Int(currentTick + Int64(ahead)) & (Self.slotCount - 1)
      let word = occupied[slot >> 6] >> UInt64(slot & 63)
      if word == 0 {
        ahead += 64 - (slot & 63)
        continue
      }
      ahead += word.trailingZeroBitCount
      if ahead >= Self.slotCount { break }
      let due = (currentTick + Int64(ahead)) << Self.tickShift
      return Int32(max(0, (due - nowNanoseconds + 999_999) / 1_000_000))
    }
    return nil
  }
}
