import Telemetry
import Wire

/// What a scraper's Accept fields say of the forms of a page (RFC 9110 §12.5.1).
///
/// A range with `*` stands for text alone: the other forms are for those who name them, since
/// whoever takes anything can mostly not read them.
struct AcceptedFormats {
  // In thousandths.
  private var protobuf: Int16 = 0
  private var openMetrics: Int16 = 0
  private var text: Int16?
  private var anything: Int16 = 0

  init() {}

  init(_ head: borrowing RequestHead, _ bytes: Span<UInt8>) {
    var index = 0
    while index < head.fields.count {
      let field = head.fields[index]
      index &+= 1
      if field.known == .accept { add(bytes[field.value]) }
    }
  }

  /// Takes one field line in. A comma within quotes parts two ranges: nothing that is known here
  /// has one.
  mutating func add(_ value: Span<UInt8>) {
    var list = TokenList()
    while let element = list.next(value) { take(value[element]) }
  }

  /// The form that is wanted most; of those that are wanted alike, the one that tells more. Text
  /// where there is none: a scraper can do more with it than with an error.
  func preferred(hasProtobuf: Bool) -> ExpositionFormat {
    let text = text ?? anything
    if hasProtobuf, protobuf > 0, protobuf >= max(openMetrics, text) { return .protobuf }
    return openMetrics > 0 && openMetrics >= text ? .openMetrics : .text
  }

  private mutating func take(_ range: Span<UInt8>) {
    var scanner = MediaTypeScanner()
    guard scanner.readType(range) else { return }
    let isText = range[scanner.type].equalsIgnoringCase("text")
    let subtype = range[scanner.subtype]
    if subtype.equals("*"), isText || range[scanner.type].equals("*") {
      anything = max(anything, Self.weight(range, &scanner) ?? 0)
    } else if isText, subtype.equalsIgnoringCase("plain") {
      guard let weight = Self.weight(range, &scanner, [("version", "0.0.4")]) else { return }
      text = max(text ?? 0, weight)
    } else if !range[scanner.type].equalsIgnoringCase("application") {
      return
    } else if subtype.equalsIgnoringCase("openmetrics-text") {
      openMetrics = max(openMetrics, Self.weight(range, &scanner, [("version", "1.0.0")]) ?? 0)
    } else if subtype.equalsIgnoringCase("vnd.google.protobuf") {
      // Which message it is has to be said: the type is that of any.
      let message = Self.weight(
        range, &scanner,
        [("proto", "io.prometheus.client.MetricFamily"), ("encoding", "delimited")], needed: 2)
      protobuf = max(protobuf, message ?? 0)
    }
  }

  /// The weight behind a type; nil where one of these parameters is another, or fewer of them are
  /// there than are needed.
  private static func weight(
    _ range: Span<UInt8>, _ scanner: inout MediaTypeScanner,
    _ parameters: [(name: StaticString, value: StaticString)] = [], needed: Int = 0
  ) -> Int16? {
    var weight: Int16 = 1000
    var met = 0
    while scanner.readParameter(range) {
      let name = range[scanner.name]
      let value = range[scanner.value]
      if name.equalsIgnoringCase("q") { weight = Weight.thousandths(value) ?? 0 }
      for parameter in parameters where name.equalsIgnoringCase(parameter.name) {
        if !value.equals(parameter.value) { return nil }
        met += 1
      }
    }
    return met >= needed ? weight : nil
  }
}
