/// How metrics are cut into series and where else they may be read.
public struct MetricsConfiguration: Sendable {
  /// Upper bounds of the request and first-byte histograms.
  public static let defaultBucketsSeconds: [Double] = [
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
  ]
  /// Upper bounds of the histogram of Penstock's own share, which is far smaller.
  public static let defaultAddedBucketsSeconds: [Double] = [
    0.000_025, 0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.05, 0.25, 1,
  ]

  /// A second address that serves `/metrics` and health alone; nil for none.
  public let listen: ListenAddress?
  /// Accounts with a label of their own; later ones share `other`.
  public let accountsMax: Int
  public let bucketsSeconds: [Double]
  public let addedBucketsSeconds: [Double]
  /// Whether the buckets of the request histogram name a request each, for OpenMetrics.
  public let exemplars: Bool
  public let nativeHistograms: Bool

  public init(
    listen: ListenAddress? = nil, accountsMax: Int = 1000,
    bucketsSeconds: [Double] = Self.defaultBucketsSeconds,
    addedBucketsSeconds: [Double] = Self.defaultAddedBucketsSeconds,
    exemplars: Bool = true, nativeHistograms: Bool = false
  ) {
    self.listen = listen
    self.accountsMax = accountsMax
    self.bucketsSeconds = bucketsSeconds
    self.addedBucketsSeconds = addedBucketsSeconds
    self.exemplars = exemplars
    self.nativeHistograms = nativeHistograms
  }
}
