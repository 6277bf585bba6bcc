/// A secret and which one it is.
public struct NamedSecret: Sendable {
  public let name: SecretName
  let secret: Secret

  public init(_ name: SecretName, _ secret: Secret) {
    self.name = name
    self.secret = secret
  }
}
