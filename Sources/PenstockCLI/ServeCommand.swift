import ArgumentParser
import Penstock

/// Serves in the foreground until a signal ends it.
struct ServeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve", abstract: "Serve in the foreground; SIGTERM and SIGINT drain.")

  @OptionGroup var config: ConfigurationOption

  func run() throws {
    let surroundings = Surroundings.ofThisProcess()
    let configuration = try config.read(surroundings)
    surroundings.environment.scrub()
    throw ExitCode(try serve(configuration))
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
