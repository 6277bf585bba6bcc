/// The buckets of a native histogram that count something, as protobuf lists them.
struct NativeSpans {
  /// Buckets without a gap between them. `offset`: the first one's index; in later spans, how many
  /// buckets are left out before it.
  struct Span: Equatable {
    let offset: Int
    var length: Int
  }

  private(set) var zeroCount: UInt64 = 0
  private(set) var spans: [Span] = []
  /// For each bucket of the spans its count, less that of the one before.
  private(set) var deltas: [Int64] = []
  /// Of all buckets, zero's included.
  private(set) var count: UInt64 = 0

  private var nextIndex = 0
  private var lastCount: Int64 = 0

  /// `counts`: by the columns of `NativeBuckets`.
  init(_ counts: SparseRowSum) {
    counts.forEach { column, total in
      count &+= total
      if column == NativeBuckets.zeroColumn {
        zeroCount = total
      } else {
        append(NativeBuckets.index(ofColumn: column), Int64(clamping: total))
      }
    }
  }

  private mutating func append(_ index: Int, _ total: Int64) {
    let gap = index - nextIndex
    if spans.isEmpty || gap > 2 {
      spans.append(Span(offset: gap, length: 0))
    } else {
      // One or two empty buckets cost less than another span.
      for _ in 0..<gap { append(total: 0) }
    }
    append(total: total)
    nextIndex = index + 1
  }

  private mutating func append(total: Int64) {
    spans[spans.count - 1].length += 1
    deltas.append(total - lastCount)
    lastCount = total
  }
}
