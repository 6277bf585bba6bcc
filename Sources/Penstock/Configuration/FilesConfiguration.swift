/// Where binary results wait for their download, and how long.
public struct FilesConfiguration: Sendable {
  /// Nil: `$STATE_DIRECTORY/files`, /var/lib/penstock/files or one in the temporary directory.
  public let directory: String?
  public let ttlMilliseconds: Int
  public let bytesMax: Int
  public let filesMax: Int
  /// The first one signs, all of them are accepted. Empty: a random key is made at start, and links
  /// end with the process.
  public let signingKeys: [SigningKey]
  /// Scheme and authority that links begin with; nil: `http://` and the request's Host.
  public let publicURL: String?

  public init(
    directory: String? = nil, ttlMilliseconds: Int = 3_600_000, bytesMax: Int = 10 << 30,
    filesMax: Int = 100_000, signingKeys: [SigningKey] = [], publicURL: String? = nil
  ) {
    self.directory = directory
    self.ttlMilliseconds = ttlMilliseconds
    self.bytesMax = bytesMax
    self.filesMax = filesMax
    self.signingKeys = signingKeys
    self.publicURL = publicURL
  }
}
