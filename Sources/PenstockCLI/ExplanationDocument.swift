import Foundation
import Penstock

/// What `penstock explain --json` prints. Its keys stay; new ones may come.
struct ExplanationDocument: Encodable {
  struct Step: Encodable {
    let step: String
    let passed: Bool
    let why: String
  }

  struct Timeouts: Encodable {
    let connect: Int
    let first_byte: Int
    let idle: Int
    let total: Int
  }

  struct Refusal: Encodable {
    let slug: String
    let status: Int
    let message: String
    let fix: String
  }

  let allowed: Bool
  let api_key: String
  let method: String
  let steps: [Step]
  /// Where it is refused; what follows, where it is not.
  let refusal: Refusal?
  let account: String?
  let url: String?
  let credential: String?
  let injected: [String]?
  let timeouts_ms: Timeouts?
  let idempotent: Bool?

  init(_ explanation: Explanation, project: Project, method: String) {
    let call = explanation.call
    allowed = call != nil
    api_key = project.name
    self.method = method
    steps = explanation.steps.map {
      Step(step: $0.question.rawValue, passed: $0.isPassed, why: $0.why)
    }
    refusal = explanation.refusal.map(\.row).map {
      Refusal(
        slug: "\($0.slug)", status: $0.status, message: "\($0.message)", fix: "\($0.fix)")
    }
    account = call?.account.id
    url = call?.url
    credential = call.map { "\($0.account.credential.kind)" }
    injected = call?.injected
    timeouts_ms = call.map {
      Timeouts(
        connect: $0.account.timeouts.connectMilliseconds,
        first_byte: $0.account.timeouts.firstByteMilliseconds,
        idle: $0.account.timeouts.idleMilliseconds, total: $0.deadlineMilliseconds)
    }
    idempotent = call?.isIdempotent
  }

  var text: String {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
  }
}
