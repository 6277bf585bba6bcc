@preconcurrency import Glibc

/// One line on a terminal that is written over each second.
struct ProgressLine {
  private let isShown = isatty(2) == 1
  private var lastSecond = -1

  mutating func show(_ row: TimelineRow?) {
    guard isShown, let row, row.second != lastSecond else { return }
    lastSecond = row.second
    let errors = row.errors == 0 ? "no errors" : "\(Figure.count(row.errors)) errors"
    fputs(
      "\r\u{1b}[K\(row.second + 1) s  \(Figure.count(row.answers)) a second  "
        + "p50 \(Figure.seconds(row.p50Seconds))  p99 \(Figure.seconds(row.p99Seconds))  \(errors)",
      stderr)
  }

  /// Leaves the terminal as it was.
  func clear() {
    if isShown, lastSecond >= 0 { fputs("\r\u{1b}[K", stderr) }
  }
}
