import ArgumentParser
import EventLoop
@preconcurrency import Glibc
import TestOrigin

/// Runs the test origin on its own until it is killed.
struct OriginCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "origin", abstract: "Run the test origin; GET / lists what it answers.")

  @Option(help: ArgumentHelp("Where to listen; port 0 chooses one.", valueName: "host:port"))
  var listen = "127.0.0.1:9900"

  func run() throws {
    guard let address = SocketAddress(parsing: listen) else {
      throw ValidationError("`\(listen)` is not host:port, [v6]:port or unix:/path")
    }
    do throws(SystemFault) {
      let origin = try TestOrigin(address: address)
      print("penstock-bench origin listens on \(origin.address)")
      fflush(nil)  // a pipe would keep it until the end
      origin.run()
    } catch {
      fputs("penstock-bench: cannot listen on \(address): \(error)\n", stderr)
      throw ExitCode(1)
    }
  }
}
