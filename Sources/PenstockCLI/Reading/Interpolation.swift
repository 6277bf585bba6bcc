/// Fills `${env:NAME}`, `${env:NAME:-default}`, `${file:PATH}`, `${credential:NAME}` and `$$` into
/// a text, once: what is filled in is never looked at again.
struct Interpolation {
  /// Messages name variables and files, never a piece of the text itself: it may be a secret.
  enum Fault: Error, Equatable {
    case unterminated
    case scheme
    case name
    case unset(String)
    case empty(String)
    case file(String, BoundedFile.Fault)
    case noCredentials

    var message: String {
      switch self {
      case .unterminated: "`${` without its `}`"
      case .scheme: "this is no known kind of `${…}`"
      case .name: "this is no name that `${…}` can take"
      case .unset(let name): "the environment variable `\(name)` is not set"
      case .empty(let what): "\(what) is empty"
      case .file(let path, let fault): "`\(path)` \(fault.reason)"
      case .noCredentials: "`${credential:…}` works only where systemd passes credentials"
      }
    }

    var help: String {
      switch self {
      case .unterminated, .scheme:
        "write ${env:NAME}, ${env:NAME:-default}, ${file:PATH} or ${credential:NAME}; "
          + "$$ is a plain dollar"
      case .name: "names are letters, digits, `_`, `-` and `.`"
      case .unset(let name): "set it, or write ${env:\(name):-default}"
      case .empty: "give it a value"
      case .file(_, .tooLarge): "at most 64KiB are read"
      case .file: "the path is taken from the folder of this file"
      case .noCredentials: "set LoadCredential= in the unit, or use ${file:PATH}"
      }
    }
  }

  static let fileBytesMax = 64 << 10

  let environment: EnvironmentSecrets

  /// True exactly when the text as written holds something to fill in.
  static func isNeeded(_ text: String) -> Bool { text.contains("${") }

  func expanded(_ text: String, in source: SourceText) throws(Fault) -> String {
    var result = ""
    var rest = text[...]
    while let dollar = rest.firstIndex(of: "$") {
      result += rest[..<dollar]
      let after = rest.index(after: dollar)
      if rest[after...].hasPrefix("$") {
        result += "$"
        rest = rest[rest.index(after: after)...]
      } else if rest[after...].hasPrefix("{") {
        guard let end = rest[after...].firstIndex(of: "}") else { throw .unterminated }
        result += try value(of: rest[rest.index(after: after)..<end], in: source)
        rest = rest[rest.index(after: end)...]
      } else {
        result += "$"
        rest = rest[after...]
      }
    }
    return result + rest
  }

  // MARK: Kinds

  private func value(
    of reference: Substring, in source: SourceText
  ) throws(Fault) -> String {
    guard let colon = reference.firstIndex(of: ":") else { throw .scheme }
    let argument = reference[reference.index(after: colon)...]
    switch reference[..<colon] {
    case "env": return try environmentValue(argument)
    case "file": return try fileValue(source.resolved(String(argument)))
    case "credential": return try credentialValue(argument)
    default: throw .scheme
    }
  }

  private func environmentValue(_ argument: Substring) throws(Fault) -> String {
    var name = argument
    var fallback: Substring?
    if let range = argument.firstRange(of: ":-") {
      (name, fallback) = (argument[..<range.lowerBound], argument[range.upperBound...])
    }
    guard Self.isName(name) else { throw .name }
    let value = environment.value(String(name))
    if let value, !value.isEmpty { return value }
    if let fallback {
      guard !fallback.isEmpty else { throw .empty("the default of `\(name)`") }
      return String(fallback)
    }
    throw value == nil ? .unset(String(name)) : .empty("the environment variable `\(name)`")
  }

  private func credentialValue(_ name: Substring) throws(Fault) -> String {
    guard Self.isName(name), name != ".", name != ".." else { throw .name }
    guard let folder = environment.value("CREDENTIALS_DIRECTORY"), folder.hasPrefix("/") else {
      throw .noCredentials
    }
    return try fileValue("\(folder)/\(name)")
  }

  /// Without its last newline, which editors and `echo` add.
  private func fileValue(_ path: String) throws(Fault) -> String {
    var text: String
    do {
      text = try BoundedFile.read(path, bytesMax: Self.fileBytesMax).text
    } catch {
      throw .file(path, error)
    }
    if text.last == "\n" || text.last == "\r\n" { text.removeLast() }
    guard !text.isEmpty else { throw .empty("`\(path)`") }
    return text
  }

  private static func isName(_ name: Substring) -> Bool {
    !name.isEmpty
      && name.utf8.allSatisfy { byte in
        switch byte {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x2e, 0x5f: true
        default: false
        }
      }
  }
}
