import ArgumentParser
import Foundation
import Penstock
import TestOrigin

/// Shows Penstock at work: serves by `conf/demo.yaml`, runs an upstream to talk to, and prints
/// what to paste.
struct DemoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo", abstract: "Serve beside a built-in upstream, and print what to try.")

  @Option(
    name: .customLong("config"),
    help: ArgumentHelp("Serve by this file instead of conf/demo.yaml.", valueName: "file"))
  var path: String?

  @Option(
    help: ArgumentHelp("The port of the built-in upstream; 0 chooses one.", valueName: "port"))
  var originPort: UInt16 = 9900

  private static let defaultPath = "conf/demo.yaml"
  /// How the file learns where its upstream is.
  private static let originPortVariable = "PENSTOCK_DEMO_ORIGIN_PORT"

  func run() throws {
    let origin = try madeOrigin()
    setenv(Self.originPortVariable, "\(origin.address.port ?? originPort)", 1)
    let surroundings = Surroundings.ofThisProcess()
    let configuration = try ConfigurationOption.read(try foundPath(), surroundings)
    surroundings.environment.scrub()
    origin.start()
    defer { origin.stop() }
    throw ExitCode(serve(configuration))
  }

  private func madeOrigin() throws -> TestOrigin {
    do {
      return try TestOrigin(address: .ipv4([127, 0, 0, 1], port: originPort))
    } catch {
      StandardError.print("penstock: no upstream on port \(originPort): \(error)")
      StandardError.print("help: choose another one with --origin-port")
      throw ExitCode(1)
    }
  }

  private func serve(_ configuration: Configuration) -> Int32 {
    do throws(ServerFault) {
      let server = try Server(configuration)
      print(text(for: configuration))
      fflush(nil)  // a pipe would keep it until the end
      return server.run()
    } catch {
      StandardError.print("penstock: \(error)")
      return 1
    }
  }

  // MARK: The file

  /// The file given, else the one below the current folder, else the one of the repository that
  /// the program was built in.
  private func foundPath() throws -> String {
    if let path { return path }
    let files = FileManager.default
    if files.fileExists(atPath: Self.defaultPath) { return Self.defaultPath }
    let program = try? files.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    var folder = URL(fileURLWithPath: program ?? "/").deletingLastPathComponent()
    while folder.path != "/" {
      let candidate = folder.appendingPathComponent(Self.defaultPath).path
      if files.fileExists(atPath: candidate) { return candidate }
      folder.deleteLastPathComponent()
    }
    throw ValidationError("no \(Self.defaultPath) here; name one with --config")
  }

  // MARK: What to try

  private func text(for configuration: Configuration) -> String {
    let data = "http://\(configuration.listeners[0].address)"
    var lines = [
      "penstock demo: Penstock on \(data), with an upstream of its own behind it.",
      "Paste these into another terminal:",
      "",
      "  # execute: one request in a JSON envelope; the answer shows the credential that was lent",
      "  curl -s \(data)/api/v3.1/tools/execute/proxy -H 'x-api-key: demo-key' "
        + "-H 'content-type: application/json' "
        + #"-d '{"connected_account_id":"ca_demo","endpoint":"/echo","method":"GET"}'"#,
      "",
      "  # streaming route: an event a second, each passed on as it comes",
      "  curl -sN -H 'x-api-key: demo-key' "
        + "'\(data)/proxy/ca_demo/stream?events=5&interval_ms=1000'",
    ]
    if let admin = configuration.admin {
      lines += ["", "  # metrics", "  curl -s http://\(admin)/metrics"]
    }
    lines += ["", "Ctrl-C stops it."]
    return lines.joined(separator: "\n")
  }
}
