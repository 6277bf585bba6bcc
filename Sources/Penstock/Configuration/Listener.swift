/// One address of the data plane and how clients are treated there.
public struct Listener: Sendable, Equatable {
  public let address: ListenAddress
  public let halfClose: HalfClose

  public init(address: ListenAddress, halfClose: HalfClose = .cancel) {
    self.address = address
    self.halfClose = halfClose
  }
}
