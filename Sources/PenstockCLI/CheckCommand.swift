import ArgumentParser

/// Says everything that is wrong with a configuration, without serving by it.
struct CheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Validate a configuration, and print every fault of it.")

  @OptionGroup var config: ConfigurationOption

  func run() throws {
    let outcome = ConfigurationReader.read(
      path: config.path, surroundings: .ofThisProcess())
    for fault in outcome.faults { print(fault.description) }
    guard outcome.configuration != nil else { throw ExitCode(1) }
    print("\(config.path): fine")
  }
}
