import ArgumentParser
import Penstock

/// Says what would become of a request, without sending it.
struct ExplainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract: "Print where a request would go, and with what, without sending it.",
    discussion: "Exits with 0 where it would be sent, with 3 where it would be refused.")

  @OptionGroup var config: ConfigurationOption

  @Option(help: ArgumentHelp("The name of the API key that asks.", valueName: "name"))
  var apiKeyName: String

  @Option(
    name: .customLong("account"),
    help: ArgumentHelp("The account; without it, the key's default_account.", valueName: "id"))
  var accountID: String?

  @Flag(help: "Print one JSON object.")
  var json = false

  @Flag(help: "Print a curl command that has Penstock send the request.")
  var curl = false

  @Argument(help: "GET, POST, PUT, DELETE, PATCH or HEAD.")
  var method: String

  @Argument(help: "A path below the account's base_url, or an absolute URL.")
  var endpoint: String

  static let refusedCode: Int32 = 3

  func validate() throws {
    if json, curl { throw ValidationError("--json and --curl exclude each other") }
  }

  func run() throws {
    let configuration = try config.read()
    let project = try project(of: configuration)
    let explanation = Explanation(
      configuration, project: project, account: accountID, method: method, endpoint: endpoint)
    if json {
      print(try ExplanationDocument(explanation, project: project, method: method).text)
    } else if curl, let call = explanation.call {
      try printCurl(call, configuration)
    } else if curl {
      for line in lines(of: explanation) { StandardError.print(line) }
    } else {
      for line in lines(of: explanation) { print(line) }
    }
    if explanation.refusal != nil { throw ExitCode(Self.refusedCode) }
  }

  private func project(of configuration: Configuration) throws -> Project {
    let projects = configuration.projects
    if let project = projects.first(where: { $0.name == apiKeyName }) { return project }
    let nearest = NearestName.of(apiKeyName, among: projects.map(\.name))
    let hint = nearest.map { "; did you mean `\($0)`?" } ?? ""
    throw ValidationError("no API key is named `\(apiKeyName)`\(hint)")
  }

  private func printCurl(_ call: Explanation.Call, _ configuration: Configuration) throws {
    let command = CurlCommand(call: call, method: method, endpoint: endpoint)
    guard let text = configuration.listeners.lazy.compactMap({ command.text(to: $0.address) }).first
    else {
      StandardError.print("penstock: no address of `listen` has a port that is known before")
      throw ExitCode(1)
    }
    print(text)
  }

  // MARK: As text

  private func lines(of explanation: Explanation) -> [String] {
    let rows = rows(explanation)
    let width = rows.map(\.name.count).max() ?? 0
    return rows.map { name, text in
      name + String(repeating: " ", count: width - name.count) + "  " + text
    }
  }

  private func rows(_ explanation: Explanation) -> [(name: String, text: String)] {
    let steps = explanation.steps.map { step in
      (step.question.rawValue, step.isPassed ? step.why : "refused: \(step.why)")
    }
    if let call = explanation.call { return steps + rows(call) }
    return steps + (explanation.refusal.map(rows) ?? [])
  }

  private func rows(_ call: Explanation.Call) -> [(name: String, text: String)] {
    [
      ("url", "\(method) \(call.url)"),
      ("credential", "\(call.account.credential.kind)"),
      ("injected", call.injected.joined(separator: ", ")),
      ("timeouts", timeouts(call.account.timeouts, call.deadlineMilliseconds)),
      ("retry", retry(call.isIdempotent)),
    ]
  }

  private func rows(_ error: PenstockError) -> [(name: String, text: String)] {
    let row = error.row
    return [
      ("refused", "\(row.slug) (\(row.status))"), ("message", "\(row.message)"),
      ("fix", "\(row.fix)"),
    ]
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
