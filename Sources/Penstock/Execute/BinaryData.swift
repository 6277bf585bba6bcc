import Telemetry
import Wire

/// What an envelope tells of a binary body, which waits in the file store.
struct BinaryData {
  var url: [UInt8]
  /// As the upstream declared it; empty where it did not.
  var contentType: [UInt8]
  var size: Int
  var expiresUnixSeconds: Int

  func write(into target: inout ByteBuffer) {
    target.append("{\"url\":")
    JSONWriter.append(string: url.span, into: &target)
    target.append(",\"content_type\":")
    if contentType.isEmpty {
      target.append("\"application/octet-stream\"")
    } else {
      JSONWriter.append(string: contentType.span, into: &target)
    }
    target.append(",\"size\":")
    target.append(decimal: size)
    target.append(",\"expires_at\":\"")
    var formatter = TimestampFormatter()
    formatter.append(unixNanoseconds: Int64(expiresUnixSeconds) * 1_000_000_000, into: &target)
    // Milliseconds, as the reference writes them.
    target.truncate(to: target.count - 4)
    target.append("Z\"}")
  }
}
