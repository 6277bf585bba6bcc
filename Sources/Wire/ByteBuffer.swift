import Glibc

/// A growable queue of bytes: appended at the tail, consumed at the head.
///
/// It owns its memory and holds none until the first append, so that an idle connection costs
/// nothing; `release()` gives the memory back, `BlockPool` keeps it for the next user. Not for use
/// by two threads. Appending moves the bytes to the front before it grows, so a span or pointer
/// into the buffer lives only until the next mutation.
public struct ByteBuffer: ~Copyable {
  @usableFromInline var base: UnsafeMutablePointer<UInt8>?
  @usableFromInline var head = 0
  @usableFromInline var tail = 0
  /// Bytes of memory held, 0 before the first append.
  public private(set) var capacity = 0
  /// What it holds must not stay in memory: it overwrites all that it gives up.
  public var holdsSecrets = false

  public init() { base = nil }

  deinit {
    if holdsSecrets, let base { explicit_bzero(base, capacity) }
    free(base)
    BufferMemory.add(-capacity)
  }

  /// Bytes appended and not yet consumed.
  @inlinable public var count: Int { tail - head }
  @inlinable public var isEmpty: Bool { tail == head }

  /// The bytes not yet consumed; valid until the next mutation.
  @inlinable public var span: Span<UInt8> {
    @_lifetime(borrow self)
    borrowing get {
      let bytes = UnsafeBufferPointer(start: unsafe base.map { $0 + head }, count: tail - head)
      return unsafe _overrideLifetime(Span(_unsafeElements: bytes), borrowing: self)
    }
  }

  // MARK: Appending

  @inlinable public mutating func append(_ byte: UInt8) {
    if tail == capacity { makeRoom(1) }
    base.unsafelyUnwrapped[tail] = byte
    tail &+= 1
  }

  @inlinable public mutating func append(_ bytes: Span<UInt8>) {
    bytes.withUnsafeBytes { append($0) }
  }

  /// Appends a literal; costs one copy.
  @inlinable public mutating func append(_ literal: StaticString) {
    append(UnsafeRawBufferPointer(start: literal.utf8Start, count: literal.utf8CodeUnitCount))
  }

  /// Appends bytes that the configuration made.
  @inlinable public mutating func append(_ bytes: [UInt8]) {
    bytes.withUnsafeBytes { append($0) }
  }

  /// Appends a string's UTF-8; not for the hot path, and never chosen for a literal.
  @_disfavoredOverload public mutating func append(_ text: String) {
    var copy = text
    copy.withUTF8 { append(UnsafeRawBufferPointer($0)) }
  }

  @inlinable public mutating func append(_ bytes: UnsafeRawBufferPointer) {
    let added = bytes.count
    if added == 0 { return }
    if capacity &- tail < added { makeRoom(added) }
    memcpy(base.unsafelyUnwrapped + tail, bytes.baseAddress.unsafelyUnwrapped, added)
    tail &+= added
  }

  /// Appends a number in decimal digits, without leading zeros.
  public mutating func append(decimal value: Int) {
    if value < 0 { append(0x2d) }
    var rest = value.magnitude
    var digits = 1
    var power: UInt = 10
    while digits < 20, rest >= power {
      digits += 1
      let (next, overflow) = power.multipliedReportingOverflow(by: 10)
      if overflow { break }
      power = next
    }
    if capacity - tail < digits { makeRoom(digits) }
    var index = tail + digits
    tail = index
    repeat {
      index -= 1
      base.unsafelyUnwrapped[index] = UInt8(truncatingIfNeeded: 0x30 + rest % 10)
      rest /= 10
    } while rest != 0
  }

  /// Appends a number in lower-case hexadecimal, without leading zeros.
  public mutating func append(hexadecimal value: UInt) {
    var shift = max(0, (UInt.bitWidth - value.leadingZeroBitCount - 1) & ~3)
    while shift >= 0 {
      let digit = UInt8(truncatingIfNeeded: (value >> UInt(shift)) & 0xf)
      append(digit < 10 ? 0x30 + digit : 0x57 + digit)
      shift -= 4
    }
  }

  /// Makes `count` more bytes fit without moving.
  public mutating func reserve(_ count: Int) {
    if capacity - tail < count { makeRoom(count) }
  }

  /// Lets `body` fill the free space behind the tail, at least `minimum` bytes of it, and appends
  /// as many bytes as it returns, 0 to the space it was given.
  @inlinable public mutating func fill(
    minimum: Int, _ body: (UnsafeMutableRawBufferPointer) -> Int
  ) -> Int {
    if capacity &- tail < minimum { makeRoom(minimum) }
    let space = UnsafeMutableRawBufferPointer(
      start: base.unsafelyUnwrapped + tail, count: capacity - tail)
    let added = body(space)
    precondition(added >= 0 && added <= space.count, "filled more than the space given")
    tail &+= added
    return added
  }

  // MARK: Consuming

  @inlinable public mutating func consume(_ count: Int) {
    precondition(count >= 0 && count <= tail - head, "consumed more than the buffer holds")
    head &+= count
    if head == tail {
      head = 0
      tail = 0
    }
  }

  /// Drops the last bytes so that `count` are left.
  @inlinable public mutating func truncate(to count: Int) {
    precondition(count >= 0 && count <= tail - head)
    tail = head + count
  }

  /// Overwrites the byte at `index`, counted from the first byte not yet consumed.
  @inlinable public mutating func replace(at index: Int, with byte: UInt8) {
    precondition(index >= 0 && index < tail - head)
    base.unsafelyUnwrapped[head + index] = byte
  }

  /// Overwrites the bytes from `index` on, as many as there are in `bytes`.
  public mutating func replace(at index: Int, with bytes: Span<UInt8>) {
    precondition(index >= 0 && index + bytes.count <= tail - head)
    bytes.withUnsafeBytes { new in
      guard let start = new.baseAddress else { return }
      memcpy(base.unsafelyUnwrapped + head + index, start, new.count)
    }
  }

  @inlinable public mutating func removeAll() {
    head = 0
    tail = 0
  }

  /// Drops the bytes and overwrites the memory, those that were consumed included.
  public mutating func wipe() {
    if let base { explicit_bzero(base, capacity) }
    removeAll()
  }

  /// Drops the bytes and gives the memory back.
  public mutating func release() {
    if holdsSecrets { wipe() }
    free(base)
    BufferMemory.add(-capacity)
    base = nil
    head = 0
    tail = 0
    capacity = 0
  }

  /// Calls `body` with the bytes not yet consumed, for a system call or a C function.
  @inlinable public borrowing func withUnsafeBytes<Result>(
    _ body: (UnsafeRawBufferPointer) -> Result
  ) -> Result {
    body(UnsafeRawBufferPointer(start: base.map { $0 + head }, count: tail - head))
  }

  /// Calls `body` with the bytes not yet consumed, to be changed where they stand.
  @inlinable public mutating func withUnsafeMutableBytes<Result>(
    _ body: (UnsafeMutableRawBufferPointer) -> Result
  ) -> Result {
    body(UnsafeMutableRawBufferPointer(start: base.map { $0 + head }, count: tail - head))
  }

  // MARK: Memory

  /// The smallest memory that a buffer takes. Doubled from here on.
  public static let leastCapacity = 512

  @usableFromInline mutating func makeRoom(_ added: Int) {
    if head > 0, capacity - count >= added, count <= capacity / 2 {
      memmove(base.unsafelyUnwrapped, base.unsafelyUnwrapped + head, count)
      tail -= head
      head = 0
      return
    }
    var wanted = max(Self.leastCapacity, capacity)
    while wanted - count < added { wanted *= 2 }
    guard let grown = malloc(wanted)?.assumingMemoryBound(to: UInt8.self) else {
      fatalError("out of memory")  // nothing sane is left to do, see ARCHITECTURE.md, Decisions
    }
    if let base {
      memcpy(grown, base + head, count)
      if holdsSecrets { explicit_bzero(base, capacity) }
    }
    free(base)
    BufferMemory.add(wanted - capacity)
    base = grown
    tail -= head
    head = 0
    capacity = wanted
  }

  /// Takes over a block of memory; the buffer must hold none.
  mutating func adopt(_ block: UnsafeMutablePointer<UInt8>, capacity bytes: Int) {
    precondition(base == nil)
    base = block
    capacity = bytes
  }

  /// Gives up its memory to the caller, who frees it.
  mutating func surrender() -> UnsafeMutablePointer<UInt8>? {
    if holdsSecrets { wipe() }
    let block = base
    base = nil
    head = 0
    tail = 0
    capacity = 0
    return block
  }
}

extension Array where Element == UInt8 {
  /// The bytes that a buffer holds and nobody has consumed.
  public init(_ buffer: borrowing ByteBuffer) { self = buffer.withUnsafeBytes { Array($0) } }
}
