import Glibc

/// Whole log lines that wait for the log thread, in a fixed piece of memory.
///
/// Workers copy into the free part and the log thread writes straight from the filled part, so that
/// nothing is allocated for a line and a blocked reader costs at most the ring. Positions count all
/// bytes ever queued, so they never have to be told apart from their wrapped selves.
/// Every call is made with the sink's lock held; see `queued` for the one exception.
struct LogRing: ~Copyable {
  let capacity: Int
  private let memory: UnsafeMutableRawPointer
  private var head = 0
  /// Where the next line will be queued.
  private(set) var tail = 0

  init(capacity: Int) {
    precondition(capacity > 0)
    self.capacity = capacity
    memory = ZeroedPages.map(bytes: capacity)
  }

  deinit { ZeroedPages.unmap(memory, bytes: capacity) }

  var isEmpty: Bool { head == tail }

  /// Queues all the bytes or, when they do not fit, none.
  mutating func append(_ bytes: UnsafeRawBufferPointer) -> Bool {
    guard let source = bytes.baseAddress, bytes.count <= capacity - (tail - head) else {
      return bytes.isEmpty
    }
    // An empty ring begins anew at its first byte, so that a reader that keeps up touches little.
    if isEmpty {
      tail = (tail + capacity - 1) / capacity * capacity
      head = tail
    }
    let start = tail % capacity
    let first = min(bytes.count, capacity - start)
    memcpy(memory + start, source, first)
    memcpy(memory, source + first, bytes.count - first)
    tail += bytes.count
    return true
  }

  /// The queued bytes before `end`, in two parts where they wrap around. The log thread reads them
  /// without the lock: nothing is written over them until it releases them.
  func queued(before end: Int) -> (UnsafeRawBufferPointer, UnsafeRawBufferPointer) {
    precondition(end <= tail)
    let end = max(end, head)
    let start = head % capacity
    let first = min(end - head, capacity - start)
    return (
      UnsafeRawBufferPointer(start: memory + start, count: first),
      UnsafeRawBufferPointer(start: memory, count: end - head - first)
    )
  }

  /// Frees the oldest bytes.
  mutating func release(_ count: Int) {
    precondition(count >= 0 && count <= tail - head)
    head += count
  }
}
