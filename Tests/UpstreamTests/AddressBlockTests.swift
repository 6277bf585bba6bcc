import Testing

@testable import Upstream

@Suite struct AddressBlockTests {
  @Test(
    arguments: [
      ("10.0.0.0/8", [10, 255, 0, 1]), ("10.1.2.3/8", [10, 0, 0, 0]),
      ("192.0.2.7", [192, 0, 2, 7]),
      ("0.0.0.0/0", [203, 0, 113, 1]), ("127.0.0.0/31", [127, 0, 0, 1]),
    ] as [(String, [UInt8])])
  func `an IPv4 block contains its addresses, mapped ones too`(text: String, address: [UInt8]) {
    let block = AddressBlock(parsing: text)
    #expect(block?.contains(address.span) == true)
    let mapped: [UInt8] = [UInt8](repeating: 0, count: 10) + [0xff, 0xff] + address
    #expect(block?.contains(mapped.span) == true)
  }

  @Test(
    arguments: [
      ("10.0.0.0/8", [11, 0, 0, 0]), ("127.0.0.0/31", [127, 0, 0, 2]), ("::/0", [1, 2, 3, 4]),
      ("192.0.2.7", [192, 0, 2, 6]), ("::ffff:10.0.0.0/104", [11, 0, 0, 0]),
    ] as [(String, [UInt8])])
  func `a block contains no other address`(text: String, address: [UInt8]) {
    #expect(AddressBlock(parsing: text)?.contains(address.span) == false)
  }

  @Test func `an IPv6 block is cut at its prefix, on either side of the middle`() {
    let address: [UInt8] = [0x20, 1, 0xd, 0xb8, 0, 0, 0, 1, 0x80, 0, 0, 0, 0, 0, 0, 1]
    for text in ["2001:db8::/32", "2001:db8:0:1::/64", "2001:db8:0:1:8000::/65", "::/0"] {
      #expect(AddressBlock(parsing: text)?.contains(address.span) == true, "\(text)")
    }
    for text in ["2001:db9::/32", "2001:db8::/64", "2001:db8:0:1::/65", "0.0.0.0/0"] {
      #expect(AddressBlock(parsing: text)?.contains(address.span) == false, "\(text)")
    }
    #expect(
      AddressBlock(parsing: "::ffff:10.0.0.0/104")?.contains(([10, 1, 1, 1] as [UInt8]).span)
        == true)
  }

  @Test(arguments: [
    "", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/08", "10.0.0.0/+8", "10.0.0.0/8/8", "10.0/8",
    "127.1", "010.0.0.1", "::/129", "fe80::1%eth0", "example.com", " 10.0.0.0/8",
  ])
  func `what is no block is none`(text: String) {
    #expect(AddressBlock(parsing: text) == nil)
  }
}
