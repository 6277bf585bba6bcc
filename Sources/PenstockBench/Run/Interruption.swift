import Glibc
import Synchronization

/// SIGINT and SIGTERM end a run early, with its report; the second one ends the program.
enum Interruption {
  private static let count = Atomic<Int>(0)

  static var hasCome: Bool { count.load(ordering: .relaxed) > 0 }

  static func listen() {
    for number in [SIGINT, SIGTERM] {
      signal(number) { number in
        if Interruption.count.wrappingAdd(1, ordering: .relaxed).oldValue > 0 {
          _exit(128 + number)
        }
      }
    }
  }
}
