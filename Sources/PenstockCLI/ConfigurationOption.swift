import ArgumentParser
import Penstock

/// `--config FILE`, for every command that needs a configuration.
struct ConfigurationOption: ParsableArguments {
  @Option(name: .customLong("config"), help: ArgumentHelp("The configuration.", valueName: "file"))
  var path: String

  /// The configuration; where it has errors they are printed, and the command ends with 1.
  func read(_ surroundings: Surroundings = .ofThisProcess()) throws -> Configuration {
    try Self.read(path, surroundings)
  }

  /// When it returns all else that was read is gone: faults, warnings too, hold the text of their
  /// files, secrets and all.
  static func read(_ path: String, _ surroundings: Surroundings) throws -> Configuration {
    let outcome = ConfigurationReader.read(path: path, surroundings: surroundings)
    if let configuration = outcome.configuration { return configuration }
    for fault in outcome.faults { StandardError.print(fault.description) }
    throw ExitCode(1)
  }
}
