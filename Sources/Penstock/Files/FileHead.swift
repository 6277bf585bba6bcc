import Wire

/// The head of an answer with a stored file.
enum FileHead {
  /// Appends it. `range`: of the file, which is all of it unless the status is 206.
  static func append(
    _ status: Int, _ file: OpenedFile, _ link: FileLink, _ range: Range<Int>,
    _ context: LocalResponse.Context, requestID: Span<UInt8>, date: borrowing DateText,
    into out: inout ByteBuffer
  ) {
    LocalResponse.appendStatusLine(status, into: &out)
    out.appendField("Date", date.span)
    if status != 304 { appendContent(file, range, into: &out) }
    if status == 206 {
      out.append("Content-Range: bytes ")
      out.append(decimal: range.lowerBound)
      out.append(0x2d)
      out.append(decimal: range.upperBound - 1)
      out.append(0x2f)
      out.append(decimal: file.size)
      out.append("\r\n")
    }
    out.append("ETag: ")
    out.append(link.entityTag)
    out.append("\r\nCache-Control: private, no-store\r\n")
    out.appendField("x-request-id", requestID)
    LocalResponse.appendConnection(context, into: &out)
    out.append("\r\n")
  }

  /// Whatever a file is, in a browser it is never a page of ours.
  private static func appendContent(
    _ file: OpenedFile, _ range: Range<Int>, into out: inout ByteBuffer
  ) {
    out.appendField("Content-Type", ServedType.of(file.contentType))
    out.appendField("Content-Length", decimal: range.count)
    out.append("Content-Disposition: attachment\r\n")
    out.append("X-Content-Type-Options: nosniff\r\n")
    out.append("Content-Security-Policy: sandbox; default-src 'none'\r\n")
    out.append("Accept-Ranges: bytes\r\n")
  }
}
