import ArgumentParser
import Penstock

/// Says what would become of a request, without sending it.
struct ExplainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract: "Print where a request would go, and with what, without sending it.")

  @OptionGroup var config: ConfigurationOption

  @Option(help: ArgumentHelp("The name of the API key that asks.", valueName: "name"))
  var apiKeyName: String

  @Option(
    name: .customLong("account"),
    help: ArgumentHelp("The account; without it, the key's default_account.", valueName: "id"))
  var accountID: String?

  @Argument(help: "GET, POST, PUT, DELETE, PATCH or HEAD.")
  var method: String

  @Argument(help: "A path below the account's base_url, or an absolute URL.")
  var endpoint: String

  func run() throws {
    let outcome = ConfigurationReader.read(path: config.path, surroundings: .ofThisProcess())
    guard let configuration = outcome.configuration else {
      for fault in outcome.faults { StandardError.print(fault.description) }
      throw ExitCode(1)
    }
    let rows = try rows(for: configuration)
    let width = rows.map(\.name.count).max() ?? 0
    for (name, text) in rows {
      print(name + String(repeating: " ", count: width - name.count) + "  " + text)
    }
    if rows.contains(where: { $0.name == "refused" }) { throw ExitCode(1) }
  }

  private func rows(for configuration: Configuration) throws -> [(name: String, text: String)] {
    let project = try project(of: configuration)
    do throws(Explanation.Refusal) {
      return rows(
        try Explanation(
          configuration, project: project, account: accountID, method: method,
          endpoint: endpoint))
    } catch {
      return rows(error)
    }
  }

  private func project(of configuration: Configuration) throws -> Project {
    let projects = configuration.projects
    if let project = projects.first(where: { $0.name == apiKeyName }) { return project }
    let nearest = NearestName.of(apiKeyName, among: projects.map(\.name))
    let hint = nearest.map { "; did you mean `\($0)`?" } ?? ""
    throw ValidationError("no API key is named `\(apiKeyName)`\(hint)")
  }

  // MARK: What is printed

  private func rows(_ explanation: Explanation) -> [(name: String, text: String)] {
    let account = explanation.account
    return [
      ("account", account.id),
      ("url", "\(method) \(explanation.url)"),
      ("host", explanation.hostDecision),
      ("addresses", explanation.addresses),
      ("credential", "\(account.credential.kind)"),
      ("injected", explanation.injected.joined(separator: ", ")),
      ("timeouts", timeouts(account.timeouts, explanation.deadlineMilliseconds)),
      ("retry", retry(explanation.isIdempotent)),
    ]
  }

  private func rows(_ refusal: Explanation.Refusal) -> [(name: String, text: String)] {
    let row = refusal.error.row
    let reason = refusal.reason.map { [("reason", $0)] } ?? []
    return [("refused", "\(row.slug) (\(row.status))"), ("message", "\(row.message)")]
      + reason + [("fix", "\(row.fix)")]
  }

  private func timeouts(_ timeouts: AccountTimeouts, _ deadlineMilliseconds: Int) -> String {
    [
      ("connect", timeouts.connectMilliseconds), ("first_byte", timeouts.firstByteMilliseconds),
      ("idle", timeouts.idleMilliseconds), ("total", deadlineMilliseconds),
    ].map { "\($0) \(ScalarFormat.text(milliseconds: $1))" }.joined(separator: ", ")
  }

  private func retry(_ isIdempotent: Bool) -> String {
    isIdempotent
      ? "idempotent: once, where a reused connection ends before an answer"
      : "not idempotent: once, and only where no byte has left"
  }
}
