/// When which request is planned: at one rate, or at one that rises or falls for a while and stays.
///
/// Pure: the n-th request's time is computed, not added up, so that no error gathers and threads
/// can share the requests out among them.
struct RateSchedule: Equatable, Sendable {
  /// Requests a second at the start and from the ramp's end on.
  let firstRate: Double
  let lastRate: Double
  let rampNanoseconds: Int64

  init(firstRate: Double, lastRate: Double, rampNanoseconds: Int64) {
    precondition(firstRate >= 0 && lastRate > 0)
    self.firstRate = firstRate
    self.lastRate = lastRate
    self.rampNanoseconds = rampNanoseconds
  }

  init(rate: Double) { self.init(firstRate: rate, lastRate: rate, rampNanoseconds: 0) }

  /// Reads `900`, `5k`, `5k/s`, and a ramp: `100..5000/60s`.
  init(parsing text: String) throws(RunFault) {
    let bounds = text.split(separator: "..", maxSplits: 1, omittingEmptySubsequences: false)
    if bounds.count == 1 {
      self.init(rate: try FlagValue.rate(text))
      return
    }
    guard let slash = bounds[1].lastIndex(of: "/"),
      let ramp = FlagValue.time(String(bounds[1][bounds[1].index(after: slash)...])), ramp > 0
    else { throw RunFault("`\(text)` does not say how long the ramp takes: 100..5000/60s") }
    self.init(
      firstRate: try FlagValue.rate(String(bounds[0])),
      lastRate: try FlagValue.rate(String(bounds[1][..<slash])), rampNanoseconds: ramp)
  }

  var isRamp: Bool { rampNanoseconds > 0 }
  var peakRate: Double { max(firstRate, lastRate) }

  /// How far behind the start the request of this number is due; the first is number 0.
  func plannedNanoseconds(of number: Int) -> Int64 {
    let count = Double(number)
    let ramp = Double(rampNanoseconds) / 1e9
    let countInRamp = (firstRate + lastRate) / 2 * ramp
    if count >= countInRamp {
      return rampNanoseconds + Int64((count - countInRamp) / lastRate * 1e9)
    }
    if number == 0 { return 0 }
    // The root of count = first·t + slope·t²/2, in the form that has no difference of equals.
    let slope = (lastRate - firstRate) / ramp
    let root = (firstRate * firstRate + 2 * slope * count).squareRoot()
    return Int64(2 * count / (firstRate + root) * 1e9)
  }

  /// How many requests are planned before this time.
  func count(before nanoseconds: Int64) -> Int {
    let seconds = Double(nanoseconds) / 1e9
    let ramp = min(seconds, Double(rampNanoseconds) / 1e9)
    let slope = isRamp ? (lastRate - firstRate) / (Double(rampNanoseconds) / 1e9) : 0
    let estimate = firstRate * ramp + slope * ramp * ramp / 2 + lastRate * (seconds - ramp)
    var count = max(0, Int(estimate) - 1)
    while plannedNanoseconds(of: count) < nanoseconds { count += 1 }
    return count
  }
}
