import EventLoop
import Testing

@testable import Upstream

@Suite struct AddressKindTests {
  private func kind(_ text: String) throws -> AddressKind {
    let bytes = SocketAddress.ipv4Bytes(text) ?? SocketAddress.ipv6Bytes(text)
    return AddressKind(try #require(bytes, "\(text) is no address"))
  }

  // MARK: IPv4

  @Test(arguments: [
    "0.0.0.0", "0.255.255.255", "10.0.0.0", "10.255.255.255", "100.64.0.0", "100.127.255.255",
    "127.0.0.0", "127.0.0.1", "127.127.127.127", "127.255.255.255", "172.16.0.0",
    "172.31.255.255", "192.0.0.0", "192.0.0.255", "192.0.2.0", "192.0.2.255", "192.88.99.0",
    "192.88.99.255", "192.168.0.0", "192.168.255.255", "198.18.0.0", "198.19.255.255",
    "198.51.100.0", "198.51.100.255", "203.0.113.0", "203.0.113.255", "100.100.100.199",
    "100.100.100.201",
  ])
  func `an IPv4 address with a purpose of its own is private`(address: String) throws {
    #expect(try kind(address) == .private)
  }

  @Test(arguments: [
    "169.254.0.0", "169.254.169.254", "169.254.255.255", "100.100.100.200", "224.0.0.0",
    "239.255.255.255", "240.0.0.0", "255.255.255.254", "255.255.255.255",
  ])
  func `link-local, metadata, multicast and reserved IPv4 is never reached`(
    address: String
  ) throws {
    #expect(try kind(address) == .never)
  }

  @Test(arguments: [
    "1.0.0.0", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255",
    "128.0.0.0", "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0",
    "191.255.255.255", "192.0.1.0", "192.0.3.0", "192.88.98.255", "192.88.100.0",
    "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0", "198.51.99.255",
    "198.51.101.0", "203.0.112.255", "203.0.114.0", "223.255.255.255", "8.8.8.8",
  ])
  func `their neighbours are public`(address: String) throws {
    #expect(try kind(address) == .public)
  }

  // MARK: IPv6

  @Test(arguments: [
    "::", "::1", "::2", "::127.0.0.1", "::8.8.8.8", "100::1", "64:ff9b:1::1", "fc00::1",
    "fdff:ffff::1", "fe80::1", "febf::1", "fec0::1", "2001::1", "2001:1ff:ffff::1", "2001:db8::1",
    "2001:db8:ffff::1", "3fff::1", "3fff:fff:ffff::1", "5f00::1", "1fff:ffff::1", "4000::1",
    "8000::1", "fbff::1", "fd00:ec1:ffff::1", "fd00:ec3::1",
  ])
  func `IPv6 that nobody is given as a public address is private`(address: String) throws {
    #expect(try kind(address) == .private)
  }

  @Test(arguments: ["ff00::", "ff02::1", "ff0e::1", "ffff::1", "fd00:ec2::254", "fd00:ec2::1"])
  func `multicast and metadata IPv6 is never reached`(address: String) throws {
    #expect(try kind(address) == .never)
  }

  @Test(arguments: [
    "2000::1", "2001:200::1", "2001:db7:ffff::1", "2001:db9::1", "2606:4700::1111",
    "2003::1", "3ffe:ffff::1", "3fff:1000::1",
  ])
  func `global unicast is public`(address: String) throws {
    #expect(try kind(address) == .public)
  }

  // MARK: IPv4 within IPv6

  /// Every form in which IPv6 carries an IPv4 address that is then the target.
  private static let carriers: [@Sendable (String) -> String] = [
    { "::ffff:\($0)" }, { "64:ff9b::\($0)" },
    { address in
      let bytes = SocketAddress.ipv4Bytes(address) ?? []
      let words = stride(from: 0, to: bytes.count, by: 2).map {
        String(UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]), radix: 16)
      }
      return "2002:\(words.joined(separator: ":"))::1"
    },
  ]

  @Test(arguments: [
    "127.0.0.1", "10.0.0.1", "169.254.169.254", "100.100.100.200", "224.0.0.1", "8.8.8.8",
    "100.63.255.255", "172.15.255.255", "192.168.1.1", "0.0.0.0", "255.255.255.255",
  ])
  func `an address within an address is judged as itself`(address: String) throws {
    for carrier in Self.carriers {
      #expect(try kind(carrier(address)) == kind(address), "\(carrier(address))")
    }
  }

  @Test(arguments: ["::169.254.169.254", "::224.0.0.1", "::100.100.100.200"])
  func `the deprecated compatible form does not open what is never reached`(
    address: String
  ) throws {
    #expect(try kind(address) == .never)
  }

  @Test(arguments: ["::fffe:8.8.8.8", "::1:ffff:8.8.8.8", "64:ff9b:0:0:0:1:808:808", "64:ff9a::1"])
  func `a form that only looks like one is not taken for it`(address: String) throws {
    #expect(try kind(address) == .private)
  }

  @Test(arguments: [0, 1, 3, 5, 15, 17])
  func `what is no address is never reached`(count: Int) {
    #expect(AddressKind([UInt8](repeating: 8, count: count)) == .never)
  }
}
