import Glibc
import Penstock

/// Searches files for a configuration's secrets, piece by piece, so that any size will do.
struct LogAudit: ~Copyable {
  struct Fault: Error {
    let reason: String

    init(_ number: Int32) { reason = String(cString: strerror(number)) }
  }

  private static let blockBytes = 256 * 1024
  /// A longer line is searched in pieces.
  private static let pieceBytesMin = 1 << 20
  /// How much longer a secret may be as it stands: each byte escaped for JSON, encoded twice.
  private static let stretch = 16

  private let configuration: Configuration
  private let tell: (String) -> Void
  private var search: SecretSearch
  /// What two pieces of a line have in common, so that nothing is missed where they meet.
  private let overlapBytes: Int
  private let pieceBytesMax: Int

  private var path = ""
  private var line = 1
  /// What was told of the line.
  private var toldOfLine: [String] = []
  private var files = 0
  private var lines = 0
  private var bytes = 0
  private(set) var findings = 0

  /// `tell` gets a line of text for each secret in each line of a file.
  init(_ configuration: Configuration, _ tell: @escaping (String) -> Void) {
    self.configuration = configuration
    self.tell = tell
    search = SecretSearch(configuration.secrets)
    overlapBytes = (configuration.secrets.longest + 1) * Self.stretch
    pieceBytesMax = max(Self.pieceBytesMin, 4 * overlapBytes)
  }

  /// How much was read, and what came of it.
  var summary: String {
    let found = findings == 0 ? "no secret" : "\(findings) times a secret"
    return "read \(files) files, \(lines) lines, \(bytes) bytes: \(found)"
  }

  // MARK: Reading

  /// Searches one file; `-` is standard input. Errors: it cannot be opened or read to its end.
  mutating func read(_ path: String) throws(Fault) {
    let isInput = path == "-"
    let descriptor = isInput ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
    if descriptor < 0 { throw Fault(errno) }
    defer { if !isInput { close(descriptor) } }
    self.path = path
    begin(line: 1)
    files += 1
    var pending: [UInt8] = []
    var block = [UInt8](repeating: 0, count: Self.blockBytes)
    while true {
      let count = Glibc.read(descriptor, &block, block.count)
      if count < 0, errno == EINTR { continue }
      if count < 0 { throw Fault(errno) }
      if count == 0 { break }
      bytes += count
      pending += block[..<count]
      takeLines(&pending)
    }
    if pending.isEmpty { return }
    examine(pending.span)
    lines += 1
  }

  /// Examines the lines that are whole, and of one that is too long all but what the next piece
  /// has to begin with.
  private mutating func takeLines(_ pending: inout [UInt8]) {
    var start = 0
    while let end = pending[start...].firstIndex(of: 0x0a) {
      examine(pending.span.extracting(start..<end))
      start = end + 1
      lines += 1
      begin(line: line + 1)
    }
    if pending.count - start > pieceBytesMax {
      examine(pending.span.extracting(start..<pending.count))
      start = pending.count - overlapBytes
    }
    pending.removeFirst(start)
  }

  private mutating func begin(line: Int) {
    self.line = line
    toldOfLine.removeAll(keepingCapacity: true)
  }

  // MARK: Searching

  /// Searches a line, or a piece of it, as it stands and as JSON means it.
  private mutating func examine(_ text: Span<UInt8>) {
    for hit in search.hits(in: text) { note(hit) }
    var unescaped: [UInt8] = []
    guard JSONEscapes.undo(text, into: &unescaped) else { return }
    for hit in search.hits(in: unescaped.span) { note(hit) }
  }

  private mutating func note(_ hit: SecretSearch.Hit) {
    var text = hit.name.text(in: configuration)
    switch hit.coding {
    case .none: break
    case .base64: text += ", base64"
    case .hexadecimal: text += ", hexadecimal"
    }
    if hit.isPercentEncoded { text += ", percent-encoded" }
    if toldOfLine.contains(text) { return }
    toldOfLine.append(text)
    findings += 1
    tell("\(path):\(line): \(text)")
  }
}
