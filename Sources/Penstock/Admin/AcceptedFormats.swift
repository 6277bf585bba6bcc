import Telemetry
import Wire

/// What a scraper's Accept fields say of the forms of a page (RFC 9110 §12.5.1).
///
/// A range with `*` stands for text alone: the other forms are for those who name them, since
/// whoever takes anything can mostly not read them.
struct AcceptedFormats {
  // In thousandths.
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
  var preferred: ExpositionFormat {
    openMetrics > 0 && openMetrics >= text ?? anything ? .openMetrics : .text
  }

  private mutating func take(_ range: Span<UInt8>) {
    var scanner = MediaTypeScanner()
    guard scanner.readType(range) else { return }
    let isText = range[scanner.type].equalsIgnoringCase("text")
    let subtype = range[scanner.subtype]
    if subtype.equals("*"), isText || range[scanner.type].equals("*") {
      anything = max(anything, Self.weight(range, &scanner) ?? 0)
    } else if isText, subtype.equalsIgnoringCase("plain") {
      guard let weight = Self.weight(range, &scanner, version: "0.0.4") else { return }
      text = max(text ?? 0, weight)
    } else if range[scanner.type].equalsIgnoringCase("application"),
      subtype.equalsIgnoringCase("openmetrics-text")
    {
      openMetrics = max(openMetrics, Self.weight(range, &scanner, version: "1.0.0") ?? 0)
    }
  }

  /// The weight behind a type; nil where it is of another version.
  private static func weight(
    _ range: Span<UInt8>, _ scanner: inout MediaTypeScanner, version: StaticString? = nil
  ) -> Int16? {
    var weight: Int16 = 1000
    while scanner.readParameter(range) {
      let name = range[scanner.name]
      let value = range[scanner.value]
      if name.equalsIgnoringCase("q") {
        weight = Weight.thousandths(value) ?? 0
      } else if let version, name.equalsIgnoringCase("version"), !value.equals(version) {
        return nil
      }
    }
    return weight
  }
}
