/// The phases of an exchange that the upstream's side takes, as a metric tells them.
enum UpstreamPhase: Int, CaseIterable, Sendable {
  case queue, dns, connect, tls, send, firstByte, body

  var phase: Phase {
    switch self {
    case .queue: .queue
    case .dns: .dns
    case .connect: .connect
    case .tls: .tls
    case .send: .send
    case .firstByte: .firstByte
    case .body: .body
    }
  }
}
