import Penstock

/// Reads which addresses are listened on: `listen`, `admin`, `metrics.listen`.
struct ListenReader {
  let reading: Reading
  private(set) var listeners: [Listener] = []
  private(set) var places: [YAMLNode] = []
  private var taken: [(address: ListenAddress, node: YAMLNode)] = []

  private static let defaultListen = ListenAddress.ipv4(octets: [127, 0, 0, 1], port: 8080)
  private static let defaultAdmin = ListenAddress.ipv4(octets: [127, 0, 0, 1], port: 9090)
  private static let help =
    "write host:port with an address in numbers, [v6]:port or unix:/path, as in 127.0.0.1:8080"

  init(reading: Reading) {
    self.reading = reading
  }

  mutating func read(_ file: Section) {
    if file["listen"] == nil {
      take(Self.defaultListen, file.node)
      listeners = [Listener(address: Self.defaultListen)]
      return
    }
    for item in file.items("listen") { readListener(item) }
    if file.items("listen").isEmpty {
      reading.error(file.place(of: "listen"), "`listen` names no address", help: Self.help)
    }
  }

  mutating func readAdmin(_ file: Section) -> ListenAddress {
    guard let node = file["admin"] else {
      take(Self.defaultAdmin, file.node)
      return Self.defaultAdmin
    }
    guard let address = address(node) else { return Self.defaultAdmin }
    if !address.isLoopback {
      reading.warn(
        node, "`admin` can be reached from other machines, and asks for no key",
        help: "listen on 127.0.0.1, and give scrapers `metrics: {listen: …}`")
    }
    return address
  }

  /// An address that nothing else in the file uses.
  mutating func address(_ node: YAMLNode) -> ListenAddress? {
    guard let text = reading.text(node) else { return nil }
    guard let address = ListenAddress(parsing: text) else {
      reading.error(node, "this is no address to listen on", help: Self.help)
      return nil
    }
    take(address, node)
    return address
  }

  // MARK: Helpers

  private mutating func readListener(_ node: YAMLNode) {
    var halfClose = HalfClose.cancel
    var place: YAMLNode? = node
    if case .mapping = node.content {
      guard
        let section = Section(node, name: "a listener", keys: Keys.listener, reading: reading)
      else { return }
      halfClose = section.choice("half_close", halfClose)
      place = section.required("address", help: Self.help)
    }
    guard let place, let address = address(place) else { return }
    listeners.append(Listener(address: address, halfClose: halfClose))
    places.append(place)
  }

  private mutating func take(_ address: ListenAddress, _ node: YAMLNode) {
    if let other = taken.first(where: { Self.overlap($0.address, address) }) {
      reading.error(
        node, "\(address) is listened on twice",
        help: "\(other.address) on line \(other.node.line) already covers it")
    }
    taken.append((address, node))
  }

  /// Port 0 is a new port each time; an address of all zeros stands for every other one.
  private static func overlap(_ left: ListenAddress, _ right: ListenAddress) -> Bool {
    func overlap(_ left: [UInt8], _ right: [UInt8]) -> Bool {
      left == right || left.allSatisfy { $0 == 0 } || right.allSatisfy { $0 == 0 }
    }
    switch (left, right) {
    case (.ipv4(let left, let leftPort), .ipv4(let right, let rightPort)),
      (.ipv6(let left, let leftPort), .ipv6(let right, let rightPort)):
      return leftPort == rightPort && leftPort != 0 && overlap(left, right)
    case (.unix(let left), .unix(let right)):
      return left == right
    default:
      return false
    }
  }
}
