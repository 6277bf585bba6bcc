/// A run's report for programs; benchmarks/run-report.md describes it.
struct JSONReport {
  let plan: RunPlan
  let result: RunResult
  let outcomes: [Thresholds.Outcome]
  let verdict: Verdict
  let commandLine: String

  var bytes: [UInt8] {
    var json = JSONText()
    json.object { json in
      json.add("schema", "penstock-bench-run/1")
      json.add("requests", result.requests)
      json.add("errors", result.errors)
      json.add("duration_seconds", result.durationSeconds)
      json.add("successes", result.successes)
      json.add("requests_per_second", result.ratePerSecond)
      json.add("requests_interrupted", result.interrupted)
      json.add("mode", result.isOpenLoop ? "open_loop" : "closed_loop")
      json.add("latency_from", result.isOpenLoop ? "planned_send" : "send")
      latency("latency_seconds", result.latency, &json)
      if result.isOpenLoop { openLoop(&json) }
      latency("error_latency_seconds", result.errorLatency, &json)
      json.object("codes") { json in
        for code in result.codes { json.add(String(code.code), code.count) }
      }
      json.array("error_causes") { json in
        for cause in result.causes { add(cause, &json) }
      }
      targets(&json)
      if let events = result.events { add(events, &json) }
      json.add("received_bytes", result.receivedBytes)
      json.add("payload_bytes", result.payloadBytes)
      json.add("sent_bytes", result.sentBytes)
      json.add("connections_opened", result.connectionsOpened)
      judgement(&json)
      generator(&json)
      timeline(&json)
    }
    return json.bytes
  }

  private func openLoop(_ json: inout JSONText) {
    latency("latency_from_send_seconds", result.plainLatency, &json)
    latency("send_lag_seconds", result.sendLag, &json)
    json.add("requests_planned", result.planned)
    json.add("requests_dropped", result.dropped)
  }

  private func latency(_ key: String, _ latencies: Latencies, _ json: inout JSONText) {
    json.object(key) { json in
      json.add("count", Int(latencies.totalCount))
      json.add("min", Double(latencies.min) / 1e9)
      json.add("mean", latencies.mean / 1e9)
      json.add("stddev", latencies.stdDeviation / 1e9)
      for percentile in Latencies.shownPercentiles {
        json.add(percentile.name, latencies.seconds(atPercentile: percentile.value))
      }
      json.add("max", Double(latencies.maxRecorded) / 1e9)
    }
  }

  private func add(_ cause: ErrorTally, _ json: inout JSONText) {
    json.object { json in
      json.add("cause", cause.cause)
      json.add("count", cause.count)
      json.add("example", cause.example)
    }
  }

  private func targets(_ json: inout JSONText) {
    json.array("targets") { json in
      for target in result.targets {
        json.object { json in
          json.add("name", target.name)
          json.add("requests", target.requests)
          json.add("errors", target.errors)
          latency("latency_seconds", target.latency, &json)
        }
      }
    }
  }

  private func add(_ events: EventResult, _ json: inout JSONText) {
    json.object("event_streams") { json in
      json.add("events", events.events)
      json.add("streams_cut", events.streamsCut)
      latency("first_event_seconds", events.firstEvent, &json)
      latency("gap_seconds", events.gap, &json)
    }
  }

  private func judgement(_ json: inout JSONText) {
    json.array("thresholds") { json in
      for outcome in outcomes {
        json.object { json in
          json.add("flag", outcome.flag)
          json.add("measured", outcome.measured)
          json.add("met", outcome.isMet)
        }
      }
    }
    json.add("saturated", verdict.isSaturated)
    json.array("saturation") { json in
      for reason in verdict.reasons { json.add(nil, reason) }
    }
  }

  private func generator(_ json: inout JSONText) {
    json.object("generator") { json in
      json.add("command", commandLine)
      json.add("version", BenchCommand.configuration.version)
      json.add("system", Machine.system)
      json.add("cores", Machine.cores)
      json.add("threads", plan.threads)
      json.add("connections", plan.connections)
      json.add("cpu_seconds", result.cpuSeconds)
      json.array("cpu_shares") { json in
        for share in result.cpuShares { json.add(nil, share) }
      }
      json.array("wait_shares") { json in
        for share in result.waitShares { json.add(nil, share) }
      }
    }
  }

  private func timeline(_ json: inout JSONText) {
    json.array("timeline") { json in
      for row in result.timeline {
        json.object { json in
          json.add("second", row.second)
          json.add("requests", row.answers)
          json.add("errors", row.errors)
          json.add("p50_seconds", row.p50Seconds)
          json.add("p99_seconds", row.p99Seconds)
        }
      }
    }
  }
}
