import ArgumentParser
import Penstock

/// Serves in the foreground until a signal ends it.
struct ServeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve", abstract: "Serve in the foreground; SIGTERM and SIGINT drain.")

  @OptionGroup var config: ConfigurationOption

  func run() throws {
    throw ExitCode(try serve(try read()))
  }

  /// A function of its own, so that what it read is gone before anyone is served: faults, warnings
  /// too, hold the text of their files.
  private func read() throws -> Configuration {
    let surroundings = Surroundings.ofThisProcess()
    let outcome = ConfigurationReader.read(path: config.path, surroundings: surroundings)
    guard let configuration = outcome.configuration else {
      for fault in outcome.faults { StandardError.print(fault.description) }
      throw ExitCode(1)
    }
    surroundings.environment.scrub()
    return configuration
  }

  private func serve(_ configuration: Configuration) throws -> Int32 {
    do throws(ServerFault) {
      return try Server(configuration).run()
    } catch {
      StandardError.print("penstock: \(error)")
      return 1
    }
  }
}
