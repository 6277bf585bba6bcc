import Penstock

/// Reads `limits:` and `timeouts:`, each by its table.
struct LimitsReader {
  let reading: Reading

  func limits(_ file: Section) -> Limits {
    var limits = Limits()
    let given = file.section("limits", keys: LimitKey.all.map(\.name))
    if let given {
      for key in LimitKey.all where given[key.name] != nil { read(key, given, into: &limits) }
      checkWatermarks(given, limits)
    }
    fitConnections(file, given, &limits)
    return limits
  }

  func timeouts(_ file: Section) -> Timeouts {
    var timeouts = Timeouts()
    guard let given = file.section("timeouts", keys: TimeoutKey.all.map(\.name)) else {
      return timeouts
    }
    for key in TimeoutKey.all {
      timeouts[keyPath: key.property] = given.milliseconds(
        key.name, timeouts[keyPath: key.property], in: key.range)
    }
    return timeouts
  }

  // MARK: Helpers

  private func read(_ key: LimitKey, _ given: Section, into limits: inout Limits) {
    let fallback = limits[keyPath: key.property]
    let value =
      switch key.unit {
      case .count: given.count(key.name, fallback, in: key.range)
      case .bytes: given.bytes(key.name, fallback, in: key.range)
      case .milliseconds: given.milliseconds(key.name, fallback, in: key.range)
      }
    limits[keyPath: key.property] = value
    if key.isLater, value != fallback {
      reading.noteLater("limits.\(key.name)", given.place(of: key.name))
    }
  }

  private func checkWatermarks(_ given: Section, _ limits: Limits) {
    if limits.writeBufferLowBytes < limits.writeBufferHighBytes { return }
    let key =
      given["write_buffer_low_bytes"] == nil ? "write_buffer_high_bytes" : "write_buffer_low_bytes"
    reading.error(
      given[key] ?? given.node,
      "`write_buffer_low_bytes` must be less than `write_buffer_high_bytes`",
      help: "reading stops above the high mark and goes on below the low one")
  }

  /// The default gives way to what the process may open; an operator's own number is not changed
  /// behind their back.
  private func fitConnections(_ file: Section, _ given: Section?, _ limits: inout Limits) {
    let budget = DescriptorBudget(descriptors: reading.surroundings.descriptorsMax)
    guard limits.connections > budget.connections else { return }
    let may = "the process may open \(budget.descriptors) descriptors"
    if let given, let node = given["connections"] {
      reading.error(
        node, "\(limits.connections) connections do not fit: \(may)",
        help: "raise LimitNOFILE= or `ulimit -n`, or allow \(budget.connections)")
    } else {
      limits.connections = budget.connections
      reading.warn(
        file.node, "`connections` is \(budget.connections) here, for \(may)",
        help: "raise LimitNOFILE= or `ulimit -n`")
    }
  }
}
