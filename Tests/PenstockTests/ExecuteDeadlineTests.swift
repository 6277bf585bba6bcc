import Testing
import Wire

@testable import Penstock

@Suite struct ExecuteDeadlineTests {
  private func milliseconds(configured: Int = 0, margin: Int = 3000, _ fields: String...) -> Int {
    let request = TestRequest(lines: ["POST / HTTP/1.1"] + fields)
    let deadline = ExecuteDeadline(request.head, request.bytes.span)
    return deadline.milliseconds(configured: configured, margin: margin)
  }

  @Test func `the answer is there by the margin before the client's end`() {
    #expect(milliseconds("x-stainless-read-timeout: 60") == 55_000)
    #expect(milliseconds("x-stainless-read-timeout: 30") == 27_000)
    #expect(milliseconds("X-Stainless-Timeout: 30") == 27_000)
    #expect(milliseconds("Request-Timeout: 30") == 27_000)
    #expect(milliseconds(margin: 0, "Request-Timeout: 30") == 30_000)
  }

  @Test func `the account's own total counts where it is shorter`() {
    #expect(milliseconds(configured: 10_000, "x-stainless-read-timeout: 60") == 10_000)
    #expect(milliseconds(configured: 120_000, "x-stainless-read-timeout: 60") == 57_000)
    #expect(milliseconds(configured: 120_000) == 120_000)
    #expect(milliseconds() == 55_000)
  }

  @Test func `at least half of a short time is left for the work`() {
    #expect(milliseconds("x-stainless-read-timeout: 4") == 2000)
    #expect(milliseconds("x-stainless-read-timeout: 1") == 500)
    #expect(milliseconds("x-stainless-read-timeout: 0.5") == 250)
  }

  @Test func `of two times the shorter one counts`() {
    #expect(milliseconds("Request-Timeout: 20", "x-stainless-read-timeout: 40") == 17_000)
    #expect(milliseconds("Request-Timeout: 40", "x-stainless-read-timeout: 20") == 17_000)
    #expect(milliseconds("Request-Timeout: 40", "Request-Timeout: 20") == 17_000)
    #expect(milliseconds("X-Stainless-Timeout: 40", "Request-Timeout: 20") == 17_000)
    #expect(milliseconds("X-Stainless-Timeout: 20", "x-stainless-read-timeout: 40") == 17_000)
  }

  @Test(arguments: [
    ("60.0", 55_000), ("10.25", 7250), ("10.", 7000), ("10.0004", 7000), ("10.123456789", 7123),
    ("007", 4000),
  ])
  func `seconds may have a fraction`(text: String, expected: Int) {
    #expect(milliseconds("Request-Timeout: \(text)") == expected)
  }

  @Test(arguments: [
    "", "0", "0.0", "-5", "+5", "5s", "5,5", "1e3", "0x5", "5.5.5", ".5", " ", "NaN", "inf",
    "9999999", "99999999999999999999",
  ])
  func `what is no time says nothing`(text: String) {
    #expect(milliseconds("Request-Timeout: \(text)") == 55_000)
    #expect(milliseconds("Request-Timeout: \(text)", "x-stainless-read-timeout: 10") == 7000)
  }

  @Test func `without a head there is the default`() {
    #expect(ExecuteDeadline().milliseconds(configured: 0, margin: 3000) == 55_000)
  }
}
