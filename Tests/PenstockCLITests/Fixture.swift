import Foundation

@testable import PenstockCLI

/// A folder of configuration files, and the reader on it.
final class Fixture {
  let folder: String
  var environment: [String: String] = [:]
  var descriptorsMax = 1_000_000

  init() throws {
    folder = NSTemporaryDirectory() + "penstock-" + UUID().uuidString
    try FileManager.default.createDirectory(
      atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  @discardableResult
  func write(_ name: String, _ text: String, permissions: Int = 0o600) throws -> String {
    let path = folder + "/" + name
    let parent = (path as NSString).deletingLastPathComponent
    try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    try FileManager.default.setAttributes([.posixPermissions: permissions], ofItemAtPath: path)
    return path
  }

  func read(_ text: String, permissions: Int = 0o600) throws -> ConfigurationReader.Outcome {
    read(path: try write("penstock.yaml", text, permissions: permissions))
  }

  func read(path: String) -> ConfigurationReader.Outcome {
    ConfigurationReader.read(
      path: path,
      surroundings: Surroundings(
        environment: EnvironmentSecrets(values: environment), cores: 4,
        descriptorsMax: descriptorsMax))
  }

  /// The faults as printed, without the folder.
  func faults(_ text: String) throws -> [String] {
    try read(text).faults.map { $0.description.replacing(folder + "/", with: "") }
  }

  /// The headlines alone, without file, line and column.
  func messages(_ text: String) throws -> [String] {
    try read(text).faults.map(\.message)
  }
}

/// An account and a key, for tests of something else.
let plainAccount = """
  accounts:
    - {id: ca_one, base_url: https://one.example}

  """
