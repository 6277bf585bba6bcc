import Wire

/// API key to project.
///
/// Keys are known by their SHA-256, so that comparing them tells nothing of them; every request
/// costs one digest, whether its key is known, unknown or missing a byte.
struct Authenticator: Sendable {
  private let digests: [KeyDigest]
  private let projects: [Int]

  init(_ configured: [Project]) {
    digests = configured.flatMap(\.keyDigests)
    projects = configured.flatMap { project in project.keyDigests.map { _ in project.index } }
  }

  /// Where the caller showed its key.
  enum Shown {
    case nowhere
    case apiKeyField
    case authorization
  }

  struct Result {
    /// The project's index; nil where the key is wrong or absent.
    let project: Int?
    let shown: Shown
  }

  /// Reads `x-api-key` or, where that is absent, `Authorization: Bearer`.
  func authenticate(_ fields: borrowing FieldTable, _ bytes: Span<UInt8>) -> Result {
    var authorization: Slice?
    var index = 0
    while index < fields.count {
      let field = fields[index]
      if field.known == .xAPIKey {
        return Result(project: project(ofKey: bytes[field.value]), shown: .apiKeyField)
      }
      if field.known == .authorization { authorization = field.value }
      index &+= 1
    }
    guard let authorization, let key = Self.bearerToken(authorization, bytes) else {
      return Result(project: nil, shown: .nowhere)
    }
    return Result(project: project(ofKey: bytes[key]), shown: .authorization)
  }

  /// Compares with every key, for equal time; of equal keys the first wins.
  private func project(ofKey key: Span<UInt8>) -> Int? {
    let digest = KeyDigest(of: key)
    var found: Int?
    for index in digests.indices where digests[index] == digest && found == nil {
      found = projects[index]
    }
    return found
  }

  /// The token behind the scheme's name, which is in any case (RFC 9110 §11.1).
  private static func bearerToken(_ value: Slice, _ bytes: Span<UInt8>) -> Slice? {
    let text = bytes[value]
    guard text.count > 7, text.extracting(0..<7).equalsIgnoringCase("bearer ") else { return nil }
    return Slice(start: Int(value.start) + 7, count: text.count - 7)
  }
}
