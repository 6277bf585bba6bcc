import Testing
import Wire

@Suite struct ByteBufferTests {
  private func contents(_ buffer: borrowing ByteBuffer) -> [UInt8] {
    buffer.withUnsafeBytes { Array($0) }
  }

  private func written(_ write: (inout ByteBuffer) -> Void) -> String {
    var buffer = ByteBuffer()
    write(&buffer)
    return text(contents(buffer))
  }

  @Test func `it holds no memory until something is appended, and none after release`() {
    var buffer = ByteBuffer()
    var capacity = buffer.capacity
    #expect(capacity == 0)
    buffer.append(UnsafeRawBufferPointer(start: nil, count: 0))
    capacity = buffer.capacity
    #expect(capacity == 0)
    buffer.append(1)
    capacity = buffer.capacity
    #expect(capacity >= 1)
    buffer.release()
    capacity = buffer.capacity
    let count = buffer.count
    #expect(capacity == 0 && count == 0)
    buffer.append("again")
    #expect(contents(buffer) == wire("again"))
  }

  /// The bytes of a buffer's whole memory, whatever of it is in use.
  private func memory(_ buffer: inout ByteBuffer) -> [UInt8] {
    var bytes: [UInt8] = []
    buffer.removeAll()
    _ = buffer.fill(minimum: 1) { space in
      bytes = Array(space)
      return 0
    }
    return bytes
  }

  @Test func `wiped, nothing stands in its memory, consumed or not`() {
    var buffer = ByteBuffer()
    buffer.append("secret and more")
    buffer.consume(6)
    buffer.wipe()
    let count = buffer.count
    #expect(count == 0)
    let memory = memory(&buffer)
    #expect(memory.count == ByteBuffer.leastCapacity && memory.allSatisfy { $0 == 0 })
    buffer.append("again")
    #expect(contents(buffer) == wire("again"))
  }

  @Test func `a block that held secrets is given on without them`() {
    let blocks = BlockPool()
    for holdsSecrets in [true, false] {
      var first = ByteBuffer()
      first.holdsSecrets = holdsSecrets
      blocks.provide(&first)
      first.append("secret")
      first.removeAll()
      blocks.reclaim(&first)
      var second = ByteBuffer()
      blocks.provide(&second)
      let memory = memory(&second)
      #expect(memory.prefix(6).allSatisfy { $0 == 0 } == holdsSecrets)
      blocks.reclaim(&second)
    }
  }

  @Test func `a buffer of secrets grows and is released like any other`() {
    var buffer = ByteBuffer()
    buffer.holdsSecrets = true
    for byte in 0..<5000 { buffer.append(UInt8(truncatingIfNeeded: byte)) }
    #expect(contents(buffer) == (0..<5000).map { UInt8(truncatingIfNeeded: $0) })
    buffer.release()
    let capacity = buffer.capacity
    #expect(capacity == 0)
    buffer.wipe()
  }

  @Test func `it is a queue, whatever is appended and consumed`() {
    var random = JSONTestRandom(for: "ByteBuffer.queue")
    var buffer = ByteBuffer()
    var oracle: [UInt8] = []
    for round in 0..<20_000 {
      switch random.below(6) {
      case 0, 1:
        let count = random.below(round % 50 == 0 ? 5_000 : 60)
        let bytes = (0..<count).map { _ in UInt8(random.below(256)) }
        buffer.append(bytes.span)
        oracle += bytes
      case 2:
        let byte = UInt8(random.below(256))
        buffer.append(byte)
        oracle.append(byte)
      case 3, 4:
        let count = random.below(oracle.count + 1)
        buffer.consume(count)
        oracle.removeFirst(count)
      default:
        let count = oracle.count - random.below(min(8, oracle.count + 1))
        buffer.truncate(to: count)
        oracle.removeLast(oracle.count - count)
      }
      let count = buffer.count
      let isSame = contents(buffer) == oracle
      #expect(count == oracle.count && isSame)
    }
  }

  @Test func `a queue that stays short does not grow, however much passes through it`() {
    var buffer = ByteBuffer()
    let block = [UInt8](repeating: 7, count: 100)
    for _ in 0..<10_000 {
      buffer.append(block.span)
      buffer.append(block.span)
      buffer.consume(150)
      buffer.consume(buffer.count > 200 ? 150 : 0)
    }
    let capacity = buffer.capacity
    #expect(capacity <= 2_048)
  }

  @Test func `fill appends what was filled in, and gives at least the room asked for`() {
    var buffer = ByteBuffer()
    buffer.append("ab")
    for minimum in [1, 100, 1_000, 100_000] {
      var room = 0
      let added = buffer.fill(minimum: minimum) { space in
        room = space.count
        space[0] = 0x63
        return 1
      }
      #expect(added == 1)
      #expect(room >= minimum)
    }
    let nothing = buffer.fill(minimum: 1) { _ in 0 }
    #expect(nothing == 0)
    #expect(contents(buffer) == wire("abcccc"))
  }

  @Test(arguments: [
    0, 1, 9, 10, 11, 99, 100, 101, 999_999_999, 1_000_000_000, Int.max, Int.max - 7, -1, -10,
    Int.min,
  ])
  func `numbers are written in decimal`(value: Int) {
    #expect(written { $0.append(decimal: value) } == String(value))
    // Across the end of the memory, too.
    for before in 480..<512 {
      let padding = String(repeating: "x", count: before)
      let text = written {
        $0.append(padding)
        $0.append(decimal: value)
      }
      #expect(text == padding + String(value))
    }
  }

  @Test func `every power of ten and its neighbours are written right`() {
    var power = 1
    for _ in 0..<18 {
      power *= 10
      for value in [power - 1, power, power + 1] {
        #expect(written { $0.append(decimal: value) } == String(value))
      }
    }
  }

  @Test func `numbers are written in hexadecimal without leading zeros`() {
    var values: [UInt] = [0, UInt.max]
    for shift in 0..<UInt(UInt.bitWidth) { values += [1 << shift, (1 << shift) - 1] }
    for value in values {
      #expect(written { $0.append(hexadecimal: value) } == String(value, radix: 16))
    }
  }

  @Test func `strings, literals and replaced bytes stand where they were put`() {
    var buffer = ByteBuffer()
    buffer.append("skip")
    buffer.append("literal" as StaticString)
    buffer.append("grün \(1 + 1)" as String)
    buffer.consume(4)
    buffer.replace(at: 0, with: 0x4c)
    #expect(contents(buffer) == Array("Literalgrün 2".utf8))
    let first = buffer.span[0]
    #expect(first == 0x4c)
  }

  @Test func `field lines and chunks are written as the grammar has them`() {
    let text = written {
      $0.appendField("A", "b" as StaticString)
      $0.appendField("Length", decimal: 12)
      $0.appendChunk([UInt8](repeating: 0x78, count: 26).span)
      $0.appendChunk([UInt8]().span)
      $0.appendLastChunk()
    }
    let payload = String(repeating: "x", count: 26)
    #expect(text == "A: b\r\nLength: 12\r\n1a\r\n\(payload)\r\n0\r\n\r\n")
  }

  // MARK: The pool

  @Test func `a pool lends blocks, and takes them back`() {
    let pool = BlockPool(kept: 1)
    var buffer = ByteBuffer()
    pool.provide(&buffer)
    var capacity = buffer.capacity
    #expect(capacity >= BlockPool.blockBytes)
    buffer.append("x")
    pool.provide(&buffer)
    #expect(contents(buffer) == wire("x"))
    buffer.consume(1)
    pool.reclaim(&buffer)
    capacity = buffer.capacity
    #expect(capacity == 0)
    pool.provide(&buffer)
    buffer.append("y")
    #expect(contents(buffer) == wire("y"))
  }

  @Test func `a buffer that outgrew its block goes back to the allocator`() {
    let pool = BlockPool()
    var buffer = ByteBuffer()
    pool.provide(&buffer)
    buffer.append([UInt8](repeating: 1, count: 3 * BlockPool.blockBytes).span)
    buffer.removeAll()
    pool.reclaim(&buffer)
    let capacity = buffer.capacity
    #expect(capacity == 0)
  }

  @Test func `a pool lends large blocks to those that ask for one, and keeps them apart`() {
    let pool = BlockPool(kept: 8)
    var small = ByteBuffer()
    var large = ByteBuffer()
    pool.provide(&large, isLarge: true)
    pool.provide(&small)
    #expect([small.capacity, large.capacity] == [BlockPool.blockBytes, BlockPool.largeBlockBytes])
    // Whoever holds memory keeps what it has.
    pool.provide(&small, isLarge: true)
    pool.provide(&large)
    #expect([small.capacity, large.capacity] == [BlockPool.blockBytes, BlockPool.largeBlockBytes])
    pool.reclaim(&large)
    pool.reclaim(&small)
    #expect([small.capacity, large.capacity] == [0, 0])
    // Both again, the other way round: neither gets the other's block.
    pool.provide(&large)
    pool.provide(&small, isLarge: true)
    #expect([small.capacity, large.capacity] == [BlockPool.largeBlockBytes, BlockPool.blockBytes])
    small.append([UInt8](repeating: 1, count: BlockPool.largeBlockBytes))
    large.append([UInt8](repeating: 2, count: BlockPool.blockBytes))
    #expect([small.capacity, large.capacity] == [BlockPool.largeBlockBytes, BlockPool.blockBytes])
    #expect(contents(small).allSatisfy { $0 == 1 } && contents(large).allSatisfy { $0 == 2 })
  }

  @Test func `a large block that is kept is lent again, and none once all were given up`() {
    let pool = BlockPool(kept: 4)
    var buffer = ByteBuffer()
    var other = ByteBuffer()
    pool.provide(&buffer, isLarge: true)
    buffer.append("mark" as StaticString)
    let address = buffer.withUnsafeBytes { $0.baseAddress }
    buffer.removeAll()
    pool.reclaim(&buffer)
    // The allocator would give it to whoever asks next; the pool does not.
    other.reserve(BlockPool.largeBlockBytes)
    #expect(other.withUnsafeBytes { $0.baseAddress } != address)
    pool.provide(&buffer, isLarge: true)
    #expect(buffer.withUnsafeBytes { $0.baseAddress } == address)
    pool.reclaim(&buffer)
    pool.releaseAll()
    pool.provide(&buffer, isLarge: true)
    let capacity = buffer.capacity
    #expect(capacity == BlockPool.largeBlockBytes)
  }

  @Test(arguments: [(0, 0), (1, 0), (3, 0), (4, 1), (8, 2)])
  func `a pool keeps the same memory in large blocks as in small ones`(kept: Int, keptLarge: Int) {
    let pool = BlockPool(kept: kept)
    for large in [true, false] {
      let buffers = (0..<10).map { _ in Holder() }
      for holder in buffers { pool.provide(&holder.buffer, isLarge: large) }
      let lent = Set(buffers.map(\.address))
      #expect(lent.count == 10)
      for holder in buffers { pool.reclaim(&holder.buffer) }
      #expect(buffers.allSatisfy { $0.buffer.capacity == 0 })
      // The last that it has room for come first; behind them it asks the allocator.
      let count = large ? keptLarge : kept
      let again = buffers.prefix(count)
      for holder in again { pool.provide(&holder.buffer, isLarge: large) }
      #expect(again.allSatisfy { lent.contains($0.address) })
    }
  }

  @Test func `a buffer that grew to a large block's size is kept as one`() {
    let pool = BlockPool(kept: 4)
    var buffer = ByteBuffer()
    pool.provide(&buffer)
    buffer.append([UInt8](repeating: 1, count: 3 * BlockPool.blockBytes))
    let grown = buffer.capacity
    #expect(grown == BlockPool.largeBlockBytes)
    buffer.removeAll()
    pool.reclaim(&buffer)
    pool.provide(&buffer, isLarge: true)
    let capacity = buffer.capacity
    #expect(capacity == BlockPool.largeBlockBytes)
  }
}

/// A buffer that an array can hold.
private final class Holder {
  var buffer = ByteBuffer()

  var address: UnsafeRawPointer? { buffer.withUnsafeBytes { $0.baseAddress } }
}
