import Glibc
import Testing

@testable import EventLoop

@Suite struct TimerDescriptorTests {
  /// Whether the descriptor is readable within so many milliseconds.
  private func isReadable(_ descriptor: Int32, within milliseconds: Int32) -> Bool {
    var wanted = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    return poll(&wanted, 1, milliseconds) == 1
  }

  @Test func `it is readable from its time on, and not before`() throws {
    let timer = try TimerDescriptor()
    let start = Clock.monotonicNanoseconds()
    timer.set(atNanoseconds: start + 20_000_000)
    #expect(!isReadable(timer.descriptor, within: 0))
    #expect(isReadable(timer.descriptor, within: 5000))
    #expect(Clock.monotonicNanoseconds() >= start + 20_000_000)
    #expect(isReadable(timer.descriptor, within: 0), "it stays so")
  }

  @Test func `setting it anew or clearing it forgets what was due`() throws {
    let timer = try TimerDescriptor()
    timer.set(atNanoseconds: 0)
    #expect(isReadable(timer.descriptor, within: 5000), "a time that has passed is due at once")
    timer.set(atNanoseconds: Clock.monotonicNanoseconds() + 3_600_000_000_000)
    #expect(!isReadable(timer.descriptor, within: 0))
    timer.set(atNanoseconds: 1)
    timer.clear()
    #expect(!isReadable(timer.descriptor, within: 10))
  }

  @Test func `a connect says how it ended`() throws {
    let listener = try Socket.listen(on: .ipv4([127, 0, 0, 1], port: 0))
    let address = try #require(Socket.localAddress(of: listener))
    #expect(try outcome(of: address) == 0)
    close(listener)
    #expect(try outcome(of: address) == ECONNREFUSED)
    let fault = #expect(throws: SystemFault.self) {
      try Socket.connect(to: .unix(path: "/nonexistent/socket"))
    }
    #expect(fault?.number == ENOENT)
  }

  private func outcome(of address: SocketAddress) throws -> Int32 {
    do throws(SystemFault) {
      let descriptor = try Socket.connect(to: address)
      defer { close(descriptor) }
      var wanted = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
      #expect(poll(&wanted, 1, 5000) == 1)
      return Socket.connectError(of: descriptor)
    } catch {
      return error.number
    }
  }
}
