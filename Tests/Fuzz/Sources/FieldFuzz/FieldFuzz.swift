import Wire

/// Fields that Penstock reads though they may say anything: quotas, dates and traces. What is read
/// of a trace is written so that it reads the same again.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> Int32 {
  let text = Array(UnsafeBufferPointer(start: start, count: count))
  _ = HTTPDate.unixSeconds(text.span)
  checkTraceParent(text)
  var bytes = Array("HTTP/1.1 200 OK\r\n".utf8)
  for line in text.split(separator: 0x0a, omittingEmptySubsequences: true) {
    // The first byte chooses a name, so that names need not be found out.
    bytes += names[Int(line[line.startIndex]) % names.count].utf8
    bytes += line.dropFirst()
    bytes += [0x0d, 0x0a]
  }
  bytes += [0x0d, 0x0a]
  var head = ResponseHead()
  guard head.parse(bytes.span, limits) == .complete else { return 0 }
  checkQuota(head.fields, bytes)
  checkTraceState(head.fields, bytes)
  return 0
}

private let names = [
  "RateLimit: ", "RateLimit-Policy: ", "RateLimit-Limit: ", "RateLimit-Remaining: ",
  "RateLimit-Reset: ", "X-RateLimit-Limit: ", "X-Rate-Limit-Remaining: ", "X-RateLimit-Reset: ",
  "Retry-After: ", "tracestate: ", "X-Other: ",
]

private let limits = HeadLimits(
  targetBytes: 0, fieldBytes: 65_536, fields: 256, fieldNameBytes: 256, fieldValueBytes: 65_536)

private func checkQuota(_ fields: borrowing FieldTable, _ bytes: [UInt8]) {
  let quota = Quota(fields, bytes.span, nowUnixSeconds: 1_700_000_000)
  precondition(quota.limit ?? 0 >= 0 && quota.remaining ?? 0 >= 0)
  precondition(quota.resetUnixSeconds ?? 0 >= 0)
  let isThere = quota.isSaid || quota.retryUnixSeconds != nil
  precondition(!isThere || fields.tellsOfQuota)
}

private func checkTraceParent(_ text: [UInt8]) {
  guard let parent = TraceParent(text.span) else { return }
  var out = ByteBuffer()
  parent.append(into: &out)
  precondition(out.count == TraceParent.byteCount && TraceParent(out.span) == parent)
}

private func checkTraceState(_ fields: borrowing FieldTable, _ bytes: [UInt8]) {
  let written = field(fields, bytes)
  if written.isEmpty { return }
  precondition(written.count <= "tracestate: \r\n".utf8.count + TraceState.bytesMax)
  let again = Array("HTTP/1.1 200 OK\r\n".utf8) + written + [0x0d, 0x0a]
  var head = ResponseHead()
  precondition(head.parse(again.span, limits) == .complete)
  precondition(field(head.fields, again) == written)
}

private func field(_ fields: borrowing FieldTable, _ bytes: [UInt8]) -> [UInt8] {
  var out = ByteBuffer()
  TraceState.appendField(fields, bytes.span, into: &out)
  return Array(out)
}
