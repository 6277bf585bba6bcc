import Wire

/// The bytes of a message: `⏎` is CRLF, and any other character the byte of its number, so that
/// `\u{a0}` is the byte A0.
func wire(_ text: String) -> [UInt8] {
  var bytes: [UInt8] = []
  for scalar in text.unicodeScalars {
    if scalar == "⏎" {
      bytes += [0x0d, 0x0a]
    } else {
      bytes.append(UInt8(scalar.value))
    }
  }
  return bytes
}

/// The reverse of `wire`, but for CRLF.
func text(_ bytes: [UInt8]) -> String {
  String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
}

extension Array where Element == UInt8 {
  func text(of slice: Slice) -> String { WireTests.text(Array(self[slice.range])) }
}

/// The limits that Penstock serves with where nobody says otherwise.
let usualLimits = HeadLimits(
  targetBytes: 8192, fieldBytes: 32768, fields: 100, fieldNameBytes: 256,
  fieldValueBytes: 8192)

/// What a head parser made of some bytes, with everything that it found.
enum HeadOutcome: Equatable {
  case incomplete
  case failed(HeadFault)
  case complete(ParsedHead)

  var isFailure: Bool { if case .failed = self { true } else { false } }
}

struct ParsedHead: Equatable {
  /// Method, target and authority; or the status and the reason.
  var line: [String]
  var minorVersion: Int
  var fields: [[String]]
  var byteCount: Int
}

/// Where bytes are cut on their way to a parser, in rising order; the end is always the last.
enum Cuts {
  /// Every way of cutting in two, or a hundred of them spread over a long message.
  static func inTwo(_ bytes: [UInt8]) -> [[Int]] {
    stride(from: 0, to: bytes.count, by: max(1, bytes.count / 100)).map { [$0, bytes.count] }
  }

  static func whole(_ bytes: [UInt8]) -> [Int] { [bytes.count] }
  static func everyByte(_ bytes: [UInt8]) -> [Int] { Array(0...bytes.count) }

  static func random(_ bytes: [UInt8], _ random: inout JSONTestRandom) -> [Int] {
    let cuts = (0..<random.below(6)).map { _ in random.below(bytes.count + 1) }
    return cuts.sorted() + [bytes.count]
  }
}

/// Parses a request head that comes in pieces: each call sees all bytes up to the next cut.
func parseRequest(
  _ bytes: [UInt8], cuts: [Int]? = nil, limits: HeadLimits = usualLimits
) -> HeadOutcome {
  var head = RequestHead()
  for cut in cuts ?? Cuts.whole(bytes) {
    switch head.parse(bytes.span.extracting(0..<cut), limits) {
    case .incomplete: continue
    case .failed(let fault): return .failed(fault)
    case .complete:
      let line = [head.method, head.target, head.authority].map { bytes.text(of: $0) }
      return .complete(
        ParsedHead(
          line: line, minorVersion: head.minorVersion, fields: fields(head.fields, bytes),
          byteCount: head.byteCount))
    }
  }
  return .incomplete
}

/// As `parseRequest`, for a response head.
func parseResponse(
  _ bytes: [UInt8], cuts: [Int]? = nil, limits: HeadLimits = usualLimits
) -> HeadOutcome {
  var head = ResponseHead()
  for cut in cuts ?? Cuts.whole(bytes) {
    switch head.parse(bytes.span.extracting(0..<cut), limits) {
    case .incomplete: continue
    case .failed(let fault): return .failed(fault)
    case .complete:
      return .complete(
        ParsedHead(
          line: [String(head.status), bytes.text(of: head.reason)],
          minorVersion: head.minorVersion, fields: fields(head.fields, bytes),
          byteCount: head.byteCount))
    }
  }
  return .incomplete
}

private func fields(_ table: borrowing FieldTable, _ bytes: [UInt8]) -> [[String]] {
  var fields: [[String]] = []
  for index in 0..<table.count {
    fields.append([bytes.text(of: table[index].name), bytes.text(of: table[index].value)])
  }
  return fields
}
