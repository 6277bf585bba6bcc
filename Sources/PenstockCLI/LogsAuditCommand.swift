import ArgumentParser
import Penstock

/// Says whether a secret of the configuration stands in logs, Penstock's own or another's.
struct LogsAuditCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "logs-audit",
    abstract: "Search logs for the configuration's secrets.",
    discussion: """
      Finds credentials of accounts, API keys and files.signing_key as they are, percent-encoded, \
      in Base64 and in hexadecimal, and prints file, line and the secret's name, never its value. \
      Exits with 0 where it finds none, with 1 where it finds one.
      """)

  @OptionGroup var config: ConfigurationOption

  @Argument(help: ArgumentHelp("Log files; - is standard input.", valueName: "log"))
  var logs: [String]

  func run() throws {
    let configuration = try config.read()
    for name in configuration.secrets.shortNames {
      let text = name.text(in: configuration)
      StandardError.print("penstock: \(text): too short to be searched for")
    }
    var audit = LogAudit(configuration) { print($0) }
    var isReadable = true
    for path in logs {
      do throws(LogAudit.Fault) {
        try audit.read(path)
      } catch {
        StandardError.print("penstock: \(path): \(error.reason)")
        isReadable = false
      }
    }
    print(audit.summary)
    if audit.findings > 0 { throw ExitCode(1) }
    if !isReadable { throw ExitCode.validationFailure }
  }
}
