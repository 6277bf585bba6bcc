import ArgumentParser

/// The flags of `run`; the letters are wrk's.
struct RunOptions: ParsableArguments {
  @Argument(
    help: ArgumentHelp(
      "What to load. Several take turns; a weight may stand in front: 3=http://…",
      valueName: "url"),
    transform: FlagValue.weighted)
  var urls: [Weighted] = []

  // MARK: Load

  @Option(
    name: [.customShort("c", allowingJoined: true), .long],
    help: "Connections, of all threads together.",
    transform: { text in try FlagValue.count(text, of: "-c", max: RunLimits.connections) })
  var connections = 10

  @Option(
    name: [.customShort("d", allowingJoined: true), .long],
    help: "How long to run: 10s, 1m. (default: 10s)",
    transform: FlagValue.nanoseconds)
  var duration: Int64?

  @Option(
    name: [.customShort("n", allowingJoined: true), .long],
    help: "How many requests to send; without -d the run ends with them.",
    transform: { text in try FlagValue.count(text, of: "-n", max: RunLimits.requests) })
  var requests: Int?

  @Option(
    name: [.customShort("t", allowingJoined: true), .long],
    help: "Threads, each with an event loop of its own.",
    transform: { text in try FlagValue.count(text, of: "-t", max: RunLimits.threads) })
  var threads = 1

  @Option(
    name: [.customShort("R", allowingJoined: true), .long],
    help: ArgumentHelp(
      "Open loop: so many requests a second, or a ramp: 100..5000/60s. Latency is from the "
        + "planned time.", valueName: "rate"),
    transform: RateSchedule.init(parsing:))
  var rate: RateSchedule?

  @Option(
    name: .customLong("warm-up"), help: "Run as long before anything counts.",
    transform: FlagValue.nanoseconds)
  var warmUp: Int64 = 0

  @Option(help: "How long to wait for an answer. (default: 10s)", transform: FlagValue.nanoseconds)
  var timeout: Int64 = 10_000_000_000

  @Flag(name: .customLong("no-keepalive"), help: "A new connection for each request.")
  var noKeepAlive = false

  @Option(
    name: .customLong("read-rate"), help: "Read answers slowly: bytes a second and connection.",
    transform: { text in try FlagValue.bytes(text, max: 1 << 40) })
  var readRate: Int?

  @Flag(help: "Answers are event streams: measure the first event and the gaps.")
  var events = false

  // MARK: Requests

  @Option(
    name: [.customShort("m", allowingJoined: true), .long],
    help: "Method. (default: GET, POST with a body)",
    transform: FlagValue.method)
  var method: String?

  @Option(
    name: [.customShort("H", allowingJoined: true), .long],
    help: "A header field, 'Name: value'; may come often.",
    transform: FlagValue.field)
  var header: [RequestField] = []

  @Option(name: [.customShort("b", allowingJoined: true), .long], help: "Body, or @FILE.")
  var body: String?

  @Option(
    name: .customLong("body-size"), help: "A generated body of so many bytes: 64k.",
    transform: { text in try FlagValue.bytes(text, max: RunLimits.requestBytes) })
  var bodySize: Int?

  @Option(
    name: .customLong("unix-socket"), help: "Connect to this path, whatever the URL's host is.")
  var unixSocket: String?

  @Option(help: "Certificates in PEM that replace the system's.")
  var ca: String?

  @Flag(help: "Do not verify the server's certificate.")
  var insecure = false

  // MARK: Reports

  @Option(help: "Write the report as JSON, too; benchmarks/run-report.md describes it.")
  var json: String?

  @Option(help: "Write the report as a page of its own, too.")
  var html: String?

  @Option(help: "Write the latencies in HdrHistogram's text form, in milliseconds.")
  var hgrm: String?

  @Option(
    name: .customLong("max-p99"), help: "Exit with 99 where p99 is above this time.",
    transform: FlagValue.nanoseconds)
  var maxP99: Int64?

  @Option(
    name: .customLong("max-errors"), help: "Exit with 99 where more went wrong: 0, or 1%.",
    transform: ErrorBound.init(parsing:))
  var maxErrors: ErrorBound?

  @Option(
    name: .customLong("min-rate"), help: "Exit with 99 where fewer requests a second succeed.",
    transform: FlagValue.rate)
  var minRate: Double?

  @Flag(
    name: .customLong("fail-if-saturated"),
    help: "Exit with 98 where the generator was the bottleneck.")
  var failIfSaturated = false

  @Flag(
    name: .customLong("find-max"),
    help: "Look for the highest rate that meets --max-p99; each step takes -d.")
  var findMax = false

  // MARK: Penstock's execute endpoint

  @Option(name: .customLong("api-key"), help: "Sent as x-api-key, never shown; or @FILE.")
  var apiKey: String?

  @Flag(help: "Send envelopes to Penstock's execute endpoint at the URL.")
  var execute = false

  @Option(
    help: "An account of the envelopes; several take turns, 3=ca_x with a weight.",
    transform: FlagValue.weighted)
  var account: [Weighted] = []

  @Option(help: "What the envelopes are for: a URL, or a path below the account's base URL.")
  var endpoint = "/"
}
