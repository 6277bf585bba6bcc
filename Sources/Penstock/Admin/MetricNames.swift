/// What a scrape needs beside the counts: the names that label them and a few facts of the process.
struct MetricNames: Sendable {
  struct ErrorName: Sendable {
    let slug: StaticString
    let side: StaticString
  }

  struct LimitName: Sendable {
    let name: StaticString
    let value: Int
  }

  /// By account index. Neither `none` nor `other`, which name the rows that no account has.
  let account: @Sendable (Int) -> String
  /// By project index.
  let projects: [String]
  /// By index in the error table.
  let errors: [ErrorName]
  /// By index in the list of limit names.
  let limits: [LimitName]
  let logLinesDropped: @Sendable () -> UInt64
  /// Nil where there is no file store.
  let files: @Sendable () -> FileStore.Figures?
  let isConfigReloadSuccessful: Bool
  /// When the configuration in use was loaded, in seconds since 1970.
  let configReloadUnixSeconds: Double
  let configDigest: String
  let version: String

  /// What labels a row of the shards; nil for one that nobody has.
  func account(ofRow row: Int, in rows: AccountRows) -> String? {
    switch row {
    case rows.noneRow: "none"
    case rows.otherRow: "other"
    default: rows.account(ofRow: row).map(account)
    }
  }
}
