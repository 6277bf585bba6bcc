import Telemetry
import Testing

@testable import Penstock

@Suite struct AcceptedFormatsTests {
  private func preferred(_ lines: String..., hasProtobuf: Bool = true) -> ExpositionFormat {
    var accepted = AcceptedFormats()
    for line in lines { accepted.add(Array(line.utf8).span) }
    return accepted.preferred(hasProtobuf: hasProtobuf)
  }

  /// As Prometheus 2.42 sends it.
  private let prometheus = """
    application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,\
    text/plain;version=0.0.4;q=0.5,*/*;q=0.1
    """

  @Test func `Prometheus gets OpenMetrics`() {
    #expect(preferred(prometheus) == .openMetrics)
    #expect(
      preferred(
        "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,"
          + "application/openmetrics-text;version=0.0.1;q=0.4,"
          + "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,"
          + "*/*;q=0.1") == .openMetrics, "version 3")
  }

  /// The same with --enable-feature=native-histograms.
  private let prometheusWithNative = """
    application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited,\
    application/openmetrics-text;version=1.0.0;q=0.8,\
    application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1
    """

  @Test func `Prometheus gets protobuf where it asks for it and there is any`() {
    #expect(preferred(prometheusWithNative) == .protobuf)
    #expect(preferred(prometheusWithNative, hasProtobuf: false) == .openMetrics)
  }

  @Test func `protobuf is for those who say which message they mean`() {
    let type = "application/vnd.google.protobuf"
    let proto = "proto=io.prometheus.client.MetricFamily"
    for value in [
      type, "\(type);\(proto)", "\(type);encoding=delimited", "\(type);\(proto);encoding=text",
      "\(type);proto=io.prometheus.client.Metric;encoding=delimited",
      "\(type);\(proto);encoding=delimited;q=0",
    ] {
      #expect(preferred(value) == .text, "\(value)")
    }
    #expect(
      preferred("\(type) ; encoding=\"delimited\"; \(proto);q=0.3;escaping=underscores,*/*;q=0.3")
        == .protobuf)
    #expect(preferred("\(type);\(proto);encoding=delimited;q=0.3,text/plain;q=0.4") == .text)
  }

  @Test func `whoever names no other form gets text`() {
    #expect(preferred() == .text)
    for value in [
      "", "*/*", "text/*", "application/*", "text/plain", "text/plain;version=0.0.4",
      "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "image/png", ",;,/,a/",
    ] {
      #expect(preferred(value) == .text, "\(value)")
    }
  }

  @Test func `names are read in either case, with spaces and with quotes`() {
    for value in [
      "application/openmetrics-text", "Application/OpenMetrics-Text ; Version=\"1.0.0\" ; Q=0.001",
      "text/plain;q=0.5 , application/openmetrics-text; version=1.0.0; charset=utf-8; q=0.5",
    ] {
      #expect(preferred(value) == .openMetrics, "\(value)")
    }
    #expect(preferred("text/plain;q=0.5", "application/openmetrics-text;q=0.6") == .openMetrics)
  }

  @Test func `the highest weight wins, and 0 refuses`() {
    #expect(preferred("application/openmetrics-text;q=0.4,text/plain;q=0.5") == .text)
    #expect(preferred("application/openmetrics-text;q=0.4,*/*;q=0.5") == .text)
    #expect(preferred("application/openmetrics-text;q=0") == .text)
    #expect(preferred("application/openmetrics-text;q=1.001") == .text, "which is no weight")
    #expect(
      preferred("text/plain;q=0.1,*/*,application/openmetrics-text;q=0.2") == .openMetrics,
      "a name counts before a range that it is in")
  }

  @Test func `a version that is not spoken is not wanted`() {
    #expect(preferred("application/openmetrics-text;version=0.0.1") == .text)
    #expect(preferred("application/openmetrics-text;version=2.0.0") == .text)
    #expect(
      preferred("text/plain;version=1.0.0,application/openmetrics-text;q=0.1") == .openMetrics)
  }
}
