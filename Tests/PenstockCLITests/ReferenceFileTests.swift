import Foundation
import Testing

@testable import Penstock
@testable import PenstockCLI

/// `conf/penstock.yaml` is the page where operators look defaults up, so it may not be wrong.
@Suite struct ReferenceFileTests {
  private let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("conf/penstock.yaml").path

  @Test func `it reads without a word, and says what the defaults are`() throws {
    let outcome = try Fixture().read(path: path)
    let configuration = try #require(outcome.configuration)
    #expect(outcome.faults.isEmpty)
    #expect(configuration.limits == Limits())
    #expect(configuration.timeouts == Timeouts())
    #expect(configuration.idempotency == IdempotencyConfiguration())
    #expect(configuration.metrics.bucketsSeconds == MetricsConfiguration.defaultBucketsSeconds)
    #expect(
      configuration.metrics.addedBucketsSeconds
        == MetricsConfiguration.defaultAddedBucketsSeconds)
  }

  @Test func `it names every key there is`() throws {
    let text = try String(contentsOfFile: path, encoding: .utf8)
    for key in Keys.all where !["v3_allowlist"].contains(key) {
      #expect(text.contains("\(key):"), "\(key)")
    }
  }
}
