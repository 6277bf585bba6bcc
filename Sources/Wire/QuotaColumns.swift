/// Quotas that stand in three fields, limit, remaining and reset: the first of each field is one
/// quota, the second is another.
struct QuotaColumns {
  struct Column {
    /// The quotas that are looked at; what stands behind them is not.
    private var numbers: [8 of Int?] = .init(repeating: nil)
    private var count = 0

    /// What cannot be read keeps its place.
    mutating func add(_ value: Span<UInt8>) {
      var list = TokenList()
      while count < numbers.count, let element = list.next(value) {
        numbers[count] = QuotaReader.number(value[element])
        count += 1
      }
    }

    subscript(index: Int) -> Int? { numbers[index] }

    var indices: Range<Int> { numbers.indices }
  }

  var limits = Column()
  var remainings = Column()
  var resets = Column()

  var indices: Range<Int> { limits.indices }

  /// The reset as the upstream said it.
  subscript(index: Int) -> Quota {
    Quota(
      limit: limits[index], remaining: remainings[index], resetUnixSeconds: resets[index])
  }
}
