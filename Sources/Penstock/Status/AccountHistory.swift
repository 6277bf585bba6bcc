import Wire

/// What has become of one account in the last minute, and since when it is in trouble.
struct AccountHistory {
  private struct Mark {
    let unixNanoseconds: Int64
    let figures: StatusFigures
  }

  /// Until when it was counted last.
  private(set) var unixNanoseconds: Int64
  /// All that was ever counted.
  private(set) var total: StatusFigures
  /// The first is what the last minute is reckoned from; the others follow it by some seconds each.
  private var marks: [Mark]
  private(set) var trouble: (kind: Trouble, sinceUnixNanoseconds: Int64)?

  static let windowNanoseconds: Int64 = 60_000_000_000
  private static let markNanoseconds: Int64 = 10_000_000_000

  /// `figures`: nothing counted, as it was then.
  init(_ figures: StatusFigures, unixNanoseconds: Int64) {
    self.unixNanoseconds = unixNanoseconds
    total = figures
    marks = [Mark(unixNanoseconds: unixNanoseconds, figures: figures)]
  }

  /// What was counted in the last minute, or since the account was first used.
  var recent: StatusFigures { total.since(marks[0].figures) }

  /// How long `recent` is.
  var recentNanoseconds: Int64 { max(0, unixNanoseconds - marks[0].unixNanoseconds) }

  mutating func take(_ figures: StatusFigures, unixNanoseconds now: Int64, _ quota: Quota) {
    unixNanoseconds = now
    total = figures
    while marks.count > 1, now - marks[1].unixNanoseconds >= Self.windowNanoseconds {
      marks.removeFirst()
    }
    // A wall clock that was set back begins anew.
    if let last = marks.last, !(0..<Self.markNanoseconds ~= now - last.unixNanoseconds) {
      if now < last.unixNanoseconds { marks.removeAll() }
      marks.append(Mark(unixNanoseconds: now, figures: figures))
    }
    let kind = Trouble.judge(recent, quota, nowUnixSeconds: Int(now / 1_000_000_000))
    if kind != trouble?.kind { trouble = kind.map { ($0, now) } }
  }
}
