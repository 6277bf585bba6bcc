import Penstock

/// A curl command that has Penstock send an explained request: by the streaming route where the
/// endpoint is a path, else in an envelope, which alone can name another host.
///
/// The caller's key stands in it as the variable `PENSTOCK_API_KEY`.
struct CurlCommand {
  let call: Explanation.Call
  let method: String
  let endpoint: String

  /// Nil where the address has no port yet.
  func text(to address: ListenAddress) -> String? {
    guard let (origin, socket) = Self.origin(address) else { return nil }
    var words = ["curl", "-sS"] + (socket.map { ["--unix-socket", Self.quoted($0)] } ?? [])
    words += ["-H", "\"x-api-key: $PENSTOCK_API_KEY\""]
    if call.isRelative {
      switch method {
      case "GET": break
      case "HEAD": words.append("--head")
      default: words += ["-X", method]
      }
      // It would read them as a range of URLs.
      if endpoint.contains(where: "[]{}".contains) { words.append("--globoff") }
      words.append(Self.quoted("\(origin)/proxy/\(call.account.id)\(endpoint)"))
    } else {
      words += ["-H", "'content-type: application/json'", "--data-raw", Self.quoted(envelope)]
      words.append(Self.quoted("\(origin)/api/v3.1/tools/execute/proxy"))
    }
    return words.joined(separator: " ")
  }

  /// An endpoint that was resolved holds visible ASCII alone, and no backslash.
  private var envelope: String {
    let endpoint = endpoint.replacing("\"", with: "\\\"")
    return #"{"connected_account_id":"\#(call.account.id)","endpoint":"\#(endpoint)","#
      + #""method":"\#(method)"}"#
  }

  /// Where this machine reaches the listener, and through which socket in the file system.
  private static func origin(_ address: ListenAddress) -> (String, socket: String?)? {
    switch address {
    case .unix(let path): ("http://localhost", path)
    case .ipv4(_, port: 0), .ipv6(_, port: 0): nil
    case .ipv4(let octets, let port) where octets.allSatisfy { $0 == 0 }:
      ("http://127.0.0.1:\(port)", nil)
    case .ipv6(let octets, let port) where octets.allSatisfy { $0 == 0 }:
      ("http://[::1]:\(port)", nil)
    case .ipv4, .ipv6: ("http://\(address)", nil)
    }
  }

  /// One word of a shell, whatever it holds.
  private static func quoted(_ text: String) -> String {
    "'" + text.replacing("'", with: #"'\''"#) + "'"
  }
}
