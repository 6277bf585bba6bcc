/// Our words for what the YAML library found. Its own are never shown: they name its internals, and
/// quote the text, which may be a secret.
struct SyntaxWording {
  let message: String
  let help: String?
  /// True exactly when the mistake is where the construct began, not where reading stopped.
  let pointsAtStart: Bool

  static let unquotedReference = SyntaxWording(
    message: "`${…}` needs quotes inside of brackets and braces",
    help: "write \"${env:NAME}\", in double quotes", pointsAtStart: false)

  private init(message: String, help: String?, pointsAtStart: Bool) {
    self.message = message
    self.help = help
    self.pointsAtStart = pointsAtStart
  }

  init(problem: String, context: String) {
    let entry = Self.table.first { entry in
      problem.contains(entry.problem) && (entry.context.isEmpty || context.contains(entry.context))
    }
    message = entry?.message ?? "this is not YAML"
    help = entry?.help ?? "look for a missing quote, bracket, colon or space near here"
    pointsAtStart = entry?.pointsAtStart ?? false
  }

  private struct Entry {
    let problem: String
    var context = ""
    let message: String
    let help: String
    var pointsAtStart = false
  }

  /// Asked in order, so narrow entries stand before wide ones.
  private static let table = [
    Entry(
      problem: "another document", message: "a second document begins here",
      help: "keep one document in a file, without further `---` lines"),
    Entry(
      problem: "undefined alias", message: "this alias has no anchor before it",
      help: "an anchor, `&name`, stands before the aliases, `*name`, that use it"),
    Entry(
      problem: "alphabetic or numeric character", context: "alias",
      message: "`*` begins an alias here", help: "write \"*\", in double quotes, for the character",
      pointsAtStart: true),
    Entry(
      problem: "mapping values are not allowed", message: "a key cannot stand here",
      help: "put it on a line of its own; quote a value that holds a colon and a space"),
    Entry(
      problem: "could not find expected ':'", message: "a key without its colon",
      help: "write `key: value`, with a space behind the colon", pointsAtStart: true),
    Entry(
      problem: "cannot start any token", message: "a value cannot begin with this character",
      help: "indent with spaces, never tabs; quote values that begin with @, ` or %"),
    Entry(
      problem: "end of stream", context: "quoted scalar",
      message: "the quote that opens here is never closed", help: "close it", pointsAtStart: true),
    Entry(
      problem: "document indicator", context: "quoted scalar",
      message: "the quote that opens here is never closed", help: "close it", pointsAtStart: true),
    Entry(
      problem: "unknown escape", message: "no such escape in double quotes",
      help: "write \\\\ for a backslash, or use single quotes"),
    Entry(
      problem: "expected ',' or ']'", message: "the list that opens here is never closed",
      help: "close it with `]`, and put commas between its values", pointsAtStart: true),
    Entry(
      problem: "expected ',' or '}'", message: "the mapping that opens here is never closed",
      help: "close it with `}`, and put commas between its keys", pointsAtStart: true),
    Entry(
      problem: "expected <block end>", message: "this does not fit the lines above it",
      help: "give all keys of a mapping, and all `-` of a list, the same indentation"),
    Entry(
      problem: "expected key", message: "this does not fit what stands before it",
      help: "indent the keys of a mapping alike; quote a value as a whole, or not at all"),
    Entry(
      problem: "comment or line break", message: "nothing may follow `|` or `>` on its line",
      help: "begin the text on the next line, further indented"),
    Entry(
      problem: "expected '-' indicator", message: "this does not fit the lines above it",
      help: "begin each value of this list with `-` at the same indentation"),
    Entry(
      problem: "block sequence entries are not allowed", message: "a list cannot begin here",
      help: "put each `-` on a line of its own"),
    Entry(
      problem: "depth", message: "lists and mappings are nested too deeply",
      help: "use fewer levels"),
  ]
}
