/// Where binary results wait for their download, and how long.
public struct FilesConfiguration: Sendable {
  /// Nil turns the file store off.
  public let directory: String?
  public let ttlMilliseconds: Int
  public let bytesMax: Int
  public let filesMax: Int
  /// Nil: a random key is made at start, and links end with the process.
  public let signingKey: Secret?
  /// Scheme and authority that links begin with; nil: `http://` and the request's Host.
  public let publicURL: String?

  public init(
    directory: String? = nil, ttlMilliseconds: Int = 3_600_000, bytesMax: Int = 10 << 30,
    filesMax: Int = 100_000, signingKey: Secret? = nil, publicURL: String? = nil
  ) {
    self.directory = directory
    self.ttlMilliseconds = ttlMilliseconds
    self.bytesMax = bytesMax
    self.filesMax = filesMax
    self.signingKey = signingKey
    self.publicURL = publicURL
  }
}
