import Wire

/// What has become of one account in the last minute, and since when it is in trouble. In
/// monotonic time: a clock that is set changes nothing.
struct AccountHistory {
  typealias Since = (kind: Trouble, sinceNanoseconds: Int64)

  private struct Mark {
    let nanoseconds: Int64
    let figures: StatusFigures
  }

  /// Until when it was counted last.
  private(set) var nanoseconds: Int64
  /// All that was ever counted.
  private(set) var total: StatusFigures
  /// The first is what the last minute is reckoned from; the others follow it by some seconds each.
  private var marks: [Mark]
  /// By `Trouble`: since when it holds; nil where it does not.
  private var since: [Int64?] = Trouble.allCases.map { _ in nil }

  static let windowNanoseconds: Int64 = 60_000_000_000
  private static let markNanoseconds: Int64 = 10_000_000_000

  /// `figures`: nothing counted, as it was then.
  init(_ figures: StatusFigures, nanoseconds: Int64) {
    self.nanoseconds = nanoseconds
    total = figures
    marks = [Mark(nanoseconds: nanoseconds, figures: figures)]
  }

  /// What was counted in the last minute, or since the account was first used.
  var recent: StatusFigures { total.since(marks[0].figures) }

  /// How long `recent` is.
  var recentNanoseconds: Int64 { nanoseconds - marks[0].nanoseconds }

  /// The worst first, each with since when.
  var troubles: [Since] {
    Trouble.allCases.compactMap { kind in since[kind.rawValue].map { (kind, $0) } }
  }

  mutating func take(
    _ figures: StatusFigures, nanoseconds now: Int64, _ quota: Quota, nowUnixSeconds: Int
  ) {
    nanoseconds = now
    total = figures
    while marks.count > 1, now - marks[1].nanoseconds >= Self.windowNanoseconds {
      marks.removeFirst()
    }
    if let last = marks.last, now - last.nanoseconds >= Self.markNanoseconds {
      marks.append(Mark(nanoseconds: now, figures: figures))
    }
    let recent = recent
    for kind in Trouble.allCases {
      let holds = kind.holds(recent, quota, nowUnixSeconds: nowUnixSeconds)
      since[kind.rawValue] = holds ? since[kind.rawValue] ?? now : nil
    }
  }
}
