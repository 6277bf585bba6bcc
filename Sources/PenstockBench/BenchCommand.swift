import ArgumentParser

/// The program: what it can do stands in its subcommands.
@main
struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "penstock-bench",
    abstract: "What it takes to measure and to test Penstock.", version: "penstock-bench 0.1.0",
    subcommands: [RunCommand.self, OriginCommand.self])
}
