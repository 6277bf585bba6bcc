/// The flags whose values are numbers, by what one reads in a message.
enum CountFlag: String {
  case connections = "-c"
  case threads = "-t"
  case requests = "-n"

  /// What the program has room for.
  var max: Int {
    switch self {
    case .connections: 100_000
    case .threads: 256
    case .requests: 1_000_000_000_000
    }
  }
}
