import Telemetry
import Wire

/// What one worker has to say, of its exchanges and of the process: which lines are written, and
/// the lines until the log thread has them. Owned by one thread.
struct WorkerLog: ~Copyable {
  /// When a line is written.
  struct Time {
    let nowNanoseconds: Int64
    let wallNanoseconds: Int64
  }

  private let configuration: Configuration
  private var buffer: LogBuffer
  private var timestamps = TimestampFormatter()
  private var filter: AccessFilter
  private var denials = DenialLimit()
  private var redactor: Redactor

  init(_ configuration: Configuration, sink: LogSink) {
    self.configuration = configuration
    buffer = LogBuffer(sink: sink, lineBytesMax: configuration.limits.logLineBytes)
    filter = AccessFilter(configuration.log)
    redactor = Redactor(configuration.secrets)
  }

  /// Writes what is to be told of an exchange that is over. `client`: its address.
  mutating func tell(_ record: borrowing AccessRecord, client: [UInt8], _ time: Time) {
    let duration = time.nowNanoseconds - record.startNanoseconds
    if let verdict = filter.verdict(on: record, durationNanoseconds: duration) {
      begin(time)
      record.write(
        into: &buffer.bytes, configuration, verdict, nowNanoseconds: time.nowNanoseconds,
        client: client, &redactor)
      end(time)
    }
    if record.isDenied { tellDenial(record, client, time) }
  }

  /// A line beside the access line, which may be left out and says more than who was denied what.
  private mutating func tellDenial(
    _ record: borrowing AccessRecord, _ client: [UInt8], _ time: Time
  ) {
    let now = time.nowNanoseconds
    guard configuration.log.level <= .warn,
      let leftOut = denials.admit(record, client: client, nowNanoseconds: now)
    else { return }
    begin(time)
    record.writeDenial(
      into: &buffer.bytes, configuration, leftOut: leftOut, client: client, &redactor)
    end(time)
  }

  /// Whether the ids of an exchange may be shown elsewhere: a client may have chosen a secret.
  mutating func mayName(_ record: borrowing AccessRecord) -> Bool {
    if record.isRequestIDOffered, !redactor.isClean(record.requestID.span) { return false }
    guard record.isTraceOffered, let trace = record.trace else { return true }
    let id = trace.traceDigits
    return redactor.isClean(id.span)
  }

  /// Writes a line about the process itself.
  mutating func tell(_ level: LogLevel, _ event: StaticString, _ message: String, _ time: Time) {
    if level < configuration.log.level { return }
    begin(time)
    JSONLine.literal("level", level.name, into: &buffer.bytes)
    JSONLine.literal("event", event, into: &buffer.bytes)
    _ = redactor.write(
      "message", Array(message.utf8).span, bytesMax: Self.messageBytesMax, into: &buffer.bytes)
    end(time)
  }

  private static let messageBytesMax = 1024

  private mutating func begin(_ time: Time) {
    JSONLine.begin(unixNanoseconds: time.wallNanoseconds, &timestamps, into: &buffer.bytes)
  }

  private mutating func end(_ time: Time) {
    JSONLine.end(into: &buffer.bytes)
    buffer.endLine(nowNanoseconds: time.nowNanoseconds)
  }

  // MARK: To the log thread

  /// True when no line waits.
  var isEmpty: Bool { buffer.isEmpty }

  func shouldHandOver(nowNanoseconds: Int64) -> Bool {
    buffer.shouldHandOver(nowNanoseconds: nowNanoseconds)
  }

  mutating func handOver() { buffer.handOver() }
}
