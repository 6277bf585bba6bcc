import Glibc
import Synchronization

/// What the configuration took from the environment, kept here so that it can vanish from there.
///
/// Everybody who may read `/proc/<pid>/environ` sees the block that a process was started with.
/// So each variable that an interpolation asks for is copied once; `scrub` then overwrites the
/// originals, and a reload, which asks for the same names again, is answered from the copies.
final class EnvironmentSecrets: Sendable {
  private let values: Mutex<[String: String]>
  private let readsProcess: Bool

  /// The process's own environment.
  init() {
    values = Mutex([:])
    readsProcess = true
  }

  /// Fixed values, for tests and for an upgrade that hands its copies on.
  init(values: [String: String]) {
    self.values = Mutex(values)
    readsProcess = false
  }

  /// Nil for a variable that is not set.
  func value(_ name: String) -> String? {
    values.withLock { values in
      if let known = values[name] { return known }
      guard readsProcess, let bytes = getenv(name) else { return nil }
      let value = String(cString: bytes)
      values[name] = value
      return value
    }
  }

  /// Overwrites in the initial block, then unsets, every variable that was asked for. To be called
  /// while the process has one thread: the environment has no lock.
  func scrub() {
    guard readsProcess else { return }
    values.withLock { values in
      for name in values.keys {
        if let bytes = getenv(name) { memset(bytes, 0, strlen(bytes)) }
        unsetenv(name)
      }
    }
  }
}
