import ArgumentParser

/// The program: what it can do stands in its subcommands.
@main
struct PenstockCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "penstock",
    abstract: "Lends one account's credential to one HTTP request, and streams the answer back.",
    version: "penstock 0.1.0",
    subcommands: [
      ServeCommand.self, CheckCommand.self, ExplainCommand.self, ErrorsCommand.self,
      LogsAuditCommand.self, DemoCommand.self,
    ])
}
