import EventLoop
import Glibc

/// What reports call the ways in which a stream breaks.
enum StreamFault {
  static func text(_ number: Int32) -> String { String(cString: strerror(number)) }

  static func text(_ failure: StreamFailure) -> String {
    switch failure {
    case .reset(let number): number == 0 ? "the connection ended" : text(number)
    case .tls: "TLS: a broken record or an alert"
    case .truncated: "TLS: the connection ended without a close_notify"
    }
  }
}
