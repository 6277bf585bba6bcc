import ArgumentParser
@preconcurrency import Glibc

/// Loads a server, and reports.
///
/// Exits with 0; with 64 where a flag is wrong, 1 where the run could not be carried out, 99 where
/// a threshold was not met, 98 with `--fail-if-saturated` where the figures are its own.
struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Load a server, and report what it took.",
    discussion: """
      Without --rate a closed loop: each connection sends its next request when it has its answer. \
      With --rate an open loop: requests are sent when they are planned, whatever the server does, \
      and their latency is from then.
      Exit codes: 99 where a threshold was not met, 98 with --fail-if-saturated where the \
      generator was the bottleneck, 1 where it could not run, 64 where a flag is wrong.
      """)

  @OptionGroup var options: RunOptions

  func validate() throws {
    if options.findMax, options.maxP99 == nil {
      throw ValidationError("--find-max needs --max-p99: what is to be kept")
    }
    if options.findMax, options.rate?.isRamp == true {
      throw ValidationError("--find-max and a ramp: a number as --rate is where it begins")
    }
  }

  func run() throws {
    let plan: RunPlan
    do throws(RunFault) {
      plan = try RunPlanner(options: options).plan()
    } catch {
      fputs("penstock-bench: \(error)\n", stderr)
      throw ExitCode(64)
    }
    do {
      // Before the run: it would be lost with what cannot be written after it.
      for path in [options.json, options.html, options.hgrm] {
        if let path { try ReportFile.check(path) }
      }
      let (plan, result) = options.findMax ? try findMax(plan) : (plan, try carryOut(plan))
      try report(plan, result)
    } catch let error as RunFault {
      fputs("penstock-bench: \(error)\n", stderr)
      throw ExitCode(1)
    }
  }

  private var thresholds: Thresholds {
    Thresholds(
      maxP99Nanoseconds: options.maxP99, maxErrors: options.maxErrors,
      minRatePerSecond: options.minRate)
  }

  private func carryOut(_ plan: RunPlan) throws(RunFault) -> RunResult {
    let generator = Generator(plan: plan)
    try generator.start()
    Interruption.listen()
    var progress = ProgressLine()
    generator.wait {
      if Interruption.hasCome { generator.board.stop() }
      progress.show(generator.board.lastRow)
    }
    progress.clear()
    if let failure = generator.board.failure {
      throw RunFault("no connection to \(plan.origins[0].address): \(failure)")
    }
    let (tallies, timeline) = generator.board.take()
    return RunResult(plan, tallies, timeline)
  }

  /// Runs again and again at other rates. The run to report is the best that was carried.
  private func findMax(_ plan: RunPlan) throws(RunFault) -> (RunPlan, RunResult) {
    var plan = plan
    var search = KneeSearch(firstRate: plan.schedule?.firstRate ?? 1000)
    var thresholds = thresholds
    thresholds.maxErrors = thresholds.maxErrors ?? .count(0)
    var best: (RunPlan, RunResult)?
    while let rate = search.nextRate, !Interruption.hasCome {
      plan.schedule = RateSchedule(rate: rate)
      let result = try carryOut(plan)
      // A generator that is late has been late within the threshold: the server carries as much.
      let isCarried = thresholds.outcomes(result).allSatisfy(\.isMet)
      search.onTried(isCarried: isCarried)
      let p99 = Figure.seconds(result.latency.seconds(atPercentile: 99))
      print(
        "\(isCarried ? "✓" : "✗") \(Figure.rate(rate)) a second: p99 \(p99), "
          + "\(result.errors + result.dropped) errors")
      if !isCarried { for reason in Verdict(result).reasons { print("  \(reason)") } }
      fflush(nil)
      if isCarried || best == nil { best = (plan, result) }
    }
    guard let best else { throw RunFault("interrupted before the first step") }
    if let carried = search.carriedRate {
      print("\nthe highest rate that was carried: \(Figure.rate(carried)) requests a second\n")
    } else {
      print("\nno rate was carried\n")
    }
    return best
  }

  private func report(_ plan: RunPlan, _ result: RunResult) throws {
    let outcomes = thresholds.outcomes(result)
    let verdict = Verdict(result)
    let text = TextReport(plan: plan, result: result, outcomes: outcomes, verdict: verdict).text
    print(text, terminator: "")
    fflush(nil)
    let report = JSONReport(
      plan: plan, result: result, outcomes: outcomes, verdict: verdict,
      commandLine: CommandText.masked(CommandLine.arguments))
    if let path = options.json { try ReportFile.write(report.bytes, to: path) }
    if let path = options.html {
      try ReportFile.write(HTMLReport.bytes(json: report.bytes), to: path)
    }
    if let path = options.hgrm {
      try ReportFile.write(ReportFile.hgrm(result.latency), to: path)
    }
    if !outcomes.allSatisfy(\.isMet) { throw ExitCode(99) }
    if options.failIfSaturated, verdict.isSaturated { throw ExitCode(98) }
  }
}
