/// Reads an exposition as strictly as a scraper does, and throws at the first thing it would not
/// accept: for tests of what is written.
struct ExpositionParser {
  struct Fault: Error, CustomStringConvertible {
    let line: String
    let reason: String
    var description: String { "\(reason): \(line)" }
  }

  struct Sample: Hashable {
    let name: String
    let labels: [String: String]
  }

  /// Families in their order, with their type.
  private(set) var families: [(name: String, type: String)] = []
  private(set) var samples: [Sample: Double] = [:]
  private(set) var sampleTexts: [Sample: String] = [:]
  private let isOpenMetrics: Bool
  private var helped: Set<String> = []

  init(parsing text: String, isOpenMetrics: Bool) throws {
    self.isOpenMetrics = isOpenMetrics
    guard text.hasSuffix("\n") else { throw Fault(line: "", reason: "no line feed at the end") }
    var lines = text.dropLast().split(separator: "\n", omittingEmptySubsequences: false)
    if isOpenMetrics {
      guard lines.popLast() == "# EOF" else { throw Fault(line: "", reason: "no # EOF") }
    }
    for line in lines {
      if line.hasPrefix("#") {
        try readComment(String(line))
      } else {
        try readSample(String(line))
      }
    }
    try checkHistograms()
  }

  func value(_ name: String, _ labels: [String: String] = [:]) -> Double? {
    samples[Sample(name: name, labels: labels)]
  }

  private mutating func readComment(_ line: String) throws {
    let words = line.split(separator: " ", maxSplits: 3).map(String.init)
    guard words.count == 4 else { throw Fault(line: line, reason: "not HELP or TYPE") }
    switch words[1] {
    case "HELP":
      guard helped.insert(words[2]).inserted else { throw Fault(line: line, reason: "HELP twice") }
    case "TYPE":
      guard families.allSatisfy({ $0.name != words[2] }) else {
        throw Fault(line: line, reason: "TYPE twice")
      }
      guard ["counter", "gauge", "histogram"].contains(words[3]) else {
        throw Fault(line: line, reason: "unknown type")
      }
      families.append((words[2], words[3]))
    default: throw Fault(line: line, reason: "not HELP or TYPE")
    }
  }

  private mutating func readSample(_ line: String) throws {
    var rest = Substring(line)
    let name = String(rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" || $0 == ":" })
    rest = rest.dropFirst(name.count)
    guard let family = families.last, name == sampleName(family, of: name) else {
      throw Fault(line: line, reason: "not a sample of the family above")
    }
    let labels = try readLabels(&rest, line)
    if isOpenMetrics, name.hasSuffix("_bucket"), let mark = rest.range(of: " # ") {
      try readExemplar(rest[mark.upperBound...], line)
      rest = rest[..<mark.lowerBound]
    }
    guard rest.first == " ", let value = Double(rest.dropFirst().replacing("Inf", with: "inf"))
    else { throw Fault(line: line, reason: "no value") }
    let sample = Sample(name: name, labels: labels)
    guard samples.updateValue(value, forKey: sample) == nil else {
      throw Fault(line: line, reason: "the series stands there twice")
    }
    sampleTexts[sample] = String(rest.dropFirst())
  }

  /// The labels of an exemplar, its value and its time.
  private func readExemplar(_ text: Substring, _ line: String) throws {
    var rest = text
    let labels = try readLabels(&rest, line)
    let characters = labels.reduce(0) { $0 + $1.key.count + $1.value.count }
    let numbers = rest.split(separator: " ").map { Double($0) }
    guard (1...128).contains(characters), numbers.count == 2, !numbers.contains(nil) else {
      throw Fault(line: line, reason: "no exemplar")
    }
  }

  /// The names that samples of a family may have, of which `name` should be one.
  private func sampleName(_ family: (name: String, type: String), of name: String) -> String? {
    let suffixes =
      switch family.type {
      case "histogram": ["_bucket", "_sum", "_count"]
      case "counter": isOpenMetrics ? ["_total"] : [""]
      default: [""]
      }
    return suffixes.map { family.name + $0 }.first { $0 == name }
  }

  private func readLabels(_ rest: inout Substring, _ line: String) throws -> [String: String] {
    var labels: [String: String] = [:]
    guard rest.first == "{" else { return labels }
    repeat {
      rest = rest.dropFirst()
      let name = String(rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" })
      rest = rest.dropFirst(name.count)
      guard !name.isEmpty, rest.hasPrefix("=\"") else { throw Fault(line: line, reason: "label") }
      rest = rest.dropFirst(2)
      var value = ""
      while let character = rest.popFirst(), character != "\"" {
        guard character == "\\" else {
          value.append(character)
          continue
        }
        switch rest.popFirst() {
        case "\\": value.append("\\")
        case "\"": value.append("\"")
        case "n": value.append("\n")
        default: throw Fault(line: line, reason: "unknown escape")
        }
      }
      guard labels.updateValue(value, forKey: name) == nil else {
        throw Fault(line: line, reason: "label twice")
      }
    } while rest.first == ","
    guard rest.popFirst() == "}" else { throw Fault(line: line, reason: "labels do not end") }
    return labels
  }

  private func checkHistograms() throws {
    for family in families where family.type == "histogram" {
      var buckets: [[String: String]: [(bound: Double, count: Double)]] = [:]
      for (sample, value) in samples where sample.name == family.name + "_bucket" {
        var labels = sample.labels
        guard let text = labels.removeValue(forKey: "le"), let bound = Double(text) else {
          throw Fault(line: family.name, reason: "no bound")
        }
        buckets[labels, default: []].append((bound, value))
      }
      for (labels, unordered) in buckets {
        let series = unordered.sorted { $0.bound < $1.bound }
        guard zip(series, series.dropFirst()).allSatisfy({ $0.count <= $1.count }) else {
          throw Fault(line: family.name, reason: "not cumulative")
        }
        guard let last = series.last, last.bound == .infinity,
          last.count == value(family.name + "_count", labels),
          value(family.name + "_sum", labels) != nil
        else { throw Fault(line: family.name, reason: "+Inf is not the count") }
      }
    }
  }
}
