import Telemetry
import Wire

/// Where the time of an exchange went, as its client is told: the field `Server-Timing`
/// (W3C Server Timing), in milliseconds.
///
/// It holds names of phases and durations. A 401 has it too, which tells nothing of a key: keys are
/// looked up by their digest.
struct ServerTiming {
  /// What Penstock itself has added so far.
  var penstockNanoseconds: Int64
  /// Of a connection that was dialled for the exchange; nil where none was.
  var nameNanoseconds: Int64?
  var connectNanoseconds: Int64?
  var tlsNanoseconds: Int64?
  /// From the request's last byte to the answer's first, or for as long as it was waited for.
  var upstreamNanoseconds: Int64?

  /// Appends the field. One of the upstream's own stands beside it: they are one list.
  func append(into out: inout ByteBuffer) {
    out.append("Server-Timing: penstock;dur=")
    JSONLine.appendMilliseconds(nanoseconds: penstockNanoseconds, into: &out)
    ServerTiming.append(", dns;dur=", nameNanoseconds, into: &out)
    ServerTiming.append(", connect;dur=", connectNanoseconds, into: &out)
    ServerTiming.append(", tls;dur=", tlsNanoseconds, into: &out)
    ServerTiming.append(", upstream;dur=", upstreamNanoseconds, into: &out)
    out.append("\r\n")
  }

  private static func append(
    _ metric: StaticString, _ nanoseconds: Int64?, into out: inout ByteBuffer
  ) {
    guard let nanoseconds else { return }
    out.append(metric)
    JSONLine.appendMilliseconds(nanoseconds: nanoseconds, into: &out)
  }
}

extension AccessRecord {
  /// What is known of the exchange's times. `turnNanoseconds`: of the turn that is at work, which
  /// has not been counted yet.
  borrowing func timing(turnNanoseconds: Int64) -> ServerTiming {
    var timing = ServerTiming(penstockNanoseconds: addedNanoseconds + turnNanoseconds)
    if !hasUpstream || sentNanoseconds == 0 { return timing }
    if !isReused {
      timing.nameNanoseconds = Int64(dial.nameMicroseconds) * 1000
      timing.connectNanoseconds = Int64(dial.connectMicroseconds) * 1000
      if tlsNanoseconds > 0 { timing.tlsNanoseconds = tlsNanoseconds }
    }
    timing.upstreamNanoseconds =
      firstByteNanoseconds > 0
      ? firstByteNanoseconds - writtenNanoseconds : times?.nanoseconds(.firstByte)
    return timing
  }
}

extension Exchange {
  /// What the answer tells of its times; nil where its route does not want that.
  var serverTiming: ServerTiming? {
    guard record.routeIndex >= 0, worker.configuration.routes[record.routeIndex].serverTiming
    else { return nil }
    return record.timing(turnNanoseconds: worker.loop.sinceTurnBegan())
  }
}
