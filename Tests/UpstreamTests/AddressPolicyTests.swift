import EventLoop
import Testing

@testable import Upstream

@Suite struct AddressPolicyTests {
  private func permits(
    _ address: String, _ access: AddressPolicy.PrivateAccess = .none, own: [String] = []
  ) throws -> Bool {
    let policy = AddressPolicy(
      privateAccess: access, ownListeners: own.compactMap(SocketAddress.init(parsing:)))
    return policy.permits(try #require(SocketAddress(parsing: address)))
  }

  @Test func `the public internet needs no permission`() throws {
    #expect(try permits("8.8.8.8:443"))
    #expect(try permits("[2606:4700::1111]:443"))
    #expect(try permits("8.8.8.8:443", .all))
    #expect(try permits("8.8.8.8:443", .blocks([])))
  }

  @Test(arguments: ["127.0.0.1:80", "10.0.0.1:80", "[::1]:80", "[fc00::1]:80", "0.0.0.0:80"])
  func `private addresses need it, all or by block`(address: String) throws {
    #expect(try !permits(address))
    #expect(try !permits(address, .blocks([])))
    #expect(try permits(address, .all))
  }

  @Test func `a block permits its own addresses, in either family's form`() throws {
    let block = try #require(AddressBlock(parsing: "10.1.0.0/16"))
    #expect(try permits("10.1.2.3:80", .blocks([block])))
    #expect(try permits("[::ffff:10.1.2.3]:80", .blocks([block])))
    #expect(try !permits("10.2.0.1:80", .blocks([block])))
    #expect(try !permits("127.0.0.1:80", .blocks([block])))
  }

  @Test(arguments: [
    "169.254.169.254:80", "[::ffff:169.254.169.254]:80", "[64:ff9b::a9fe:a9fe]:80",
    "[2002:a9fe:a9fe::1]:80", "[fd00:ec2::254]:80", "100.100.100.200:80", "224.0.0.1:80",
    "255.255.255.255:80", "[ff02::1]:80",
  ])
  func `no permission opens metadata, link-local and multicast`(address: String) throws {
    let everything = ["0.0.0.0/0", "::/0"].compactMap(AddressBlock.init(parsing:))
    #expect(try !permits(address, .all))
    #expect(try !permits(address, .blocks(everything)))
  }

  @Test func `a socket in the file system is no upstream`() throws {
    #expect(try !permits("unix:/run/x", .all))
  }

  // MARK: Its own listeners

  @Test(arguments: [
    ("127.0.0.1:8080", "127.0.0.1:8080"), ("127.0.0.1:8080", "0.0.0.0:8080"),
    ("127.8.8.8:8080", "0.0.0.0:8080"), ("0.0.0.0:8080", "0.0.0.0:8080"),
    ("[::1]:8080", "[::]:8080"), ("[::1]:8080", "[::1]:8080"), ("8.8.8.8:8080", "8.8.8.8:8080"),
  ])
  func `this process does not dial itself`(address: String, own: String) throws {
    #expect(try !permits(address, .all, own: [own]))
  }

  @Test(arguments: [
    ("[::ffff:127.0.0.1]:8080", "127.0.0.1:8080"), ("[::ffff:127.0.0.1]:8080", "0.0.0.0:8080"),
    ("0.0.0.0:8080", "127.0.0.1:8080"), ("[::]:8080", "[::1]:8080"),
    ("[::ffff:0.0.0.0]:8080", "127.0.0.1:8080"),
  ])
  func `nor does it through another spelling of the same address`(
    address: String, own: String
  ) throws {
    #expect(try !permits(address, .all, own: [own]))
  }

  @Test func `another port, and another address, are someone else`() throws {
    #expect(try permits("127.0.0.1:8081", .all, own: ["127.0.0.1:8080", "0.0.0.0:8080"]))
    #expect(try permits("127.0.0.2:8080", .all, own: ["127.0.0.1:8080"]))
    #expect(try permits("8.8.8.8:8080", .all, own: ["0.0.0.0:8080", "unix:/run/x"]))
  }
}
