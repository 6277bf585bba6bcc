/// Every key of a configuration file, by the mapping that it stands in; all others are faults.
enum Keys {
  static let file = [
    "listen", "admin", "metrics", "workers", "trusted_proxies", "api_keys", "accounts", "include",
    "routes", "execute", "idempotency", "files", "log", "limits", "timeouts",
  ]
  /// What a file that another includes may hold.
  static let includedFile = ["api_keys", "accounts", "routes"]
  static let listener = ["address", "half_close"]
  static let metrics = [
    "listen", "accounts_max", "buckets", "added_buckets", "exemplars", "native_histograms",
  ]
  static let project = [
    "name", "key", "key_sha256", "accounts", "default_account", "rate", "rules",
  ]
  static let account = [
    "id", "disabled", "base_url", "allowed_hosts", "auth", "headers", "ca_file", "proxy",
    "allow_private", "timeouts", "pool", "in_flight", "rate", "breaker", "compression",
    "request_decompression", "request_compression", "request_buffering", "trace", "forwarded",
    "rules",
  ]
  static let rate = ["per_second", "burst", "observe"]
  static let rule = ["methods", "paths", "observe"]
  static let accountTimeouts = ["connect", "first_byte", "idle", "total"]
  static let pool = ["idle", "connections", "idle_timeout", "lifetime"]
  static let breaker = ["failures", "open"]
  static let compression = ["types", "min_bytes", "level"]
  static let route = ["path", "host", "account", "api_key", "server_timing", "compression"]
  static let execute = [
    "v3", "v3_allowlist", "toolkits", "custom_connection_data", "binary_url_allow",
    "deadline_margin",
  ]
  static let toolkit = ["account"]
  static let idempotency = ["window", "max_bytes"]
  static let files = [
    "directory", "ttl", "max_bytes", "max_files", "signing_key", "public_url",
  ]
  static let log = ["path", "level", "slow", "sample_success"]
  static let credential = ["type", "token", "username", "password", "name", "value", "headers"]

  static let all = Set(
    [
      file, listener, metrics, project, account, rate, rule, accountTimeouts, pool, breaker,
      compression, route, execute, toolkit, idempotency, files, log, credential,
      LimitKey.all.map(\.name), TimeoutKey.all.map(\.name),
    ].joined())
}
