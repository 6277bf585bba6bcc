/// The contexts of a worker's content codings: how many there may be, and the idle ones.
///
/// Making a context costs a system call and its page faults, about as much as compressing a small
/// body, so some are kept. Used by one thread.
public final class CodingPool {
  /// Contexts lent and not yet given back.
  public private(set) var inUse = 0
  /// Of all stages that had their context from here.
  public internal(set) var counts = CodingCounts()

  private let contextsMax: Int
  private let idleMax: Int
  private var deflaters: [Deflater] = []
  private var inflaters: [Inflater] = []

  /// `contextsMax` of them in use, of both kinds together; of each kind `idleMax` kept.
  public init(contextsMax: Int, idleMax: Int = 32) {
    self.contextsMax = contextsMax
    self.idleMax = idleMax
  }

  /// For level 1, the fastest, to 9; nil at the bound and without memory.
  public func takeDeflater(level: Int) -> Deflater? {
    if inUse >= contextsMax { return nil }
    let level = DeflateLibrary.level(level)
    guard let deflater = idleDeflater(level: level) ?? Deflater(level: level) else { return nil }
    inUse += 1
    return deflater
  }

  /// Nil at the bound and without memory.
  public func takeInflater() -> Inflater? {
    if inUse >= contextsMax { return nil }
    guard let inflater = inflaters.popLast() ?? Inflater() else { return nil }
    inUse += 1
    return inflater
  }

  /// Takes back what was lent, in whatever state.
  public func give(_ deflater: Deflater) {
    assert(inUse > 0)
    inUse -= 1
    if deflaters.count >= idleMax { return }
    deflater.reset()
    deflaters.append(deflater)
  }

  public func give(_ inflater: Inflater) {
    assert(inUse > 0)
    inUse -= 1
    if inflaters.count >= idleMax || inflater.holdsSecrets { return }
    inflater.reset()
    inflaters.append(inflater)
  }

  /// The last one of the level: most workers know one level only.
  private func idleDeflater(level: Int) -> Deflater? {
    guard let index = deflaters.lastIndex(where: { $0.level == level }) else { return nil }
    return deflaters.remove(at: index)
  }
}
