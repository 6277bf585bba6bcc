/// The command as reports show it: what proves who one is does not stand in them.
enum CommandText {
  static func masked(_ arguments: [String]) -> String {
    var shown: [String] = []
    var flag = ""
    for argument in arguments {
      shown.append(quoted(masked(argument, behind: flag)))
      flag = argument
    }
    return shown.joined(separator: " ")
  }

  private static func masked(_ argument: String, behind flag: String) -> String {
    switch flag {
    case "--api-key": return argument.hasPrefix("@") ? argument : "***"
    case "-H", "--header": return maskedField(argument)
    default: break
    }
    if argument.hasPrefix("--api-key=") { return "--api-key=***" }
    if argument.hasPrefix("--header=") {
      return "--header=" + maskedField(String(argument.dropFirst("--header=".count)))
    }
    return argument
  }

  private static func maskedField(_ field: String) -> String {
    guard let colon = field.firstIndex(of: ":") else { return field }
    let name = field[..<colon].lowercased()
    let isSecret = ["auth", "key", "token", "secret", "cookie", "session"].contains {
      name.contains($0)
    }
    return isSecret ? field[...colon] + " ***" : field
  }

  private static func quoted(_ argument: String) -> String {
    let isPlain = argument.allSatisfy {
      $0.isASCII && ($0.isLetter || $0.isNumber || "-_=./:@%,+".contains($0))
    }
    return isPlain && !argument.isEmpty
      ? argument
      : "'"
        + argument.split(separator: "'", omittingEmptySubsequences: false)
        .joined(separator: "'\\''") + "'"
  }
}
