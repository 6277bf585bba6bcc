/// Whether answers are compressed for clients that ask for it.
public enum Compression: Sendable, Hashable {
  /// JSON, text, JavaScript, XML and SVG, from 256 bytes.
  case auto
  case off
  /// Media types as written, the smallest body in bytes, and gzip's level, 1 to 9.
  case custom(types: [String], bytesMin: Int, level: Int)

  public static let defaultTypes = [
    "application/json", "application/*+json", "application/x-ndjson", "text/*",
    "application/javascript", "application/x-javascript", "application/xml", "application/*+xml",
    "image/svg+xml",
  ]
  public static let defaultBytesMin = 256
  public static let defaultLevel = 1
}
