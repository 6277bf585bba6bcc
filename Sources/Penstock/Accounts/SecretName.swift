/// Which secret of a configuration: whose it is and what it is, never its value.
public struct SecretName: Sendable, Hashable {
  enum Part: UInt8, Sendable {
    case bearerToken, userName, password, userAndPassword, header, query, apiKey, signingKey
  }

  let part: Part
  private let ownerIndex: Int32
  private let positionIndex: Int32

  init(_ part: Part, owner: Int = 0, position: Int = 0) {
    self.part = part
    ownerIndex = Int32(owner)
    positionIndex = Int32(position)
  }

  /// The index of its account or project; 0 for the key that signs files.
  var owner: Int { Int(ownerIndex) }
  /// Which of an account's headers.
  var position: Int { Int(positionIndex) }

  /// A key that callers show. `project`: its index.
  public static func apiKey(ofProject project: Int) -> SecretName {
    SecretName(.apiKey, owner: project)
  }

  /// A key that links to binary results are signed with.
  public static let signingKey = SecretName(.signingKey)

  /// As an operator knows it, say `account ca_one: bearer token`.
  public func text(in configuration: Configuration) -> String {
    switch part {
    case .apiKey: "project \(configuration.projects[owner].name): API key"
    case .signingKey: "files: signing_key"
    default: "account \(configuration.accounts[owner].id): \(slot(of: configuration))"
    }
  }

  private func slot(of configuration: Configuration) -> String {
    let credential = configuration.accounts[owner].credential
    return switch part {
    case .bearerToken: "bearer token"
    case .userName: "basic user name"
    case .password: "basic password"
    case .userAndPassword: "basic user:password"
    case .header: "header \(credential.headerLines[position].name)"
    case .query: "query parameter \(credential.query?.name ?? "")"
    case .apiKey, .signingKey: ""
    }
  }
}
