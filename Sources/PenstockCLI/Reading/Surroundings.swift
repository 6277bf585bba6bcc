import Foundation
import Glibc

/// What a configuration depends on beside its text, so that tests can choose it.
struct Surroundings {
  let environment: EnvironmentSecrets
  /// Cores that this process may run on.
  let cores: Int
  /// Descriptors that this process may open once it has raised its soft limit.
  let descriptorsMax: Int

  static func ofThisProcess() -> Surroundings {
    var limit = rlimit()
    let isKnown = getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0
    return Surroundings(
      environment: EnvironmentSecrets(),
      cores: max(1, ProcessInfo.processInfo.activeProcessorCount),
      descriptorsMax: isKnown ? Int(clamping: limit.rlim_max) : 1024)
  }
}
