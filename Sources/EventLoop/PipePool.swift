/// The pipes of one worker: bounded in number, each of one size, held only while they hold bytes.
///
/// Where there is none the caller copies, which is never wrong. One that nobody has wanted for a
/// while is closed: its two descriptors are worth more than making it anew. Used by its loop's
/// thread only.
public final class PipePool: Watcher {
  private var idle: [Pipe] = []
  private var made = 0
  private let pipesMax: Int
  private let pipeBytes: Int
  private let loop: EventLoop
  private var idleTimeout: Timeout?
  /// True exactly when the kernel refused a pipe; it is asked again when one has come back, or a
  /// while later.
  private var isRefused = false

  private static let idleNanoseconds: Int64 = 50_000_000

  /// `pipeBytes`: the size of each, a power of two; `pipesMax`: how many there may be, 0 for none.
  public init(loop: EventLoop, pipesMax: Int, pipeBytes: Int) {
    self.loop = loop
    self.pipesMax = pipesMax
    self.pipeBytes = pipeBytes
    super.init()
    idle.reserveCapacity(pipesMax)
    idleTimeout = Timeout(owner: self, loop: loop)
  }

  /// How much fits into a pipe.
  public var bytesMax: Int { pipeBytes }

  /// An empty pipe; nil where all are in use, or the kernel gives none.
  public func take() -> Pipe? {
    if let pipe = idle.popLast() { return pipe }
    if made >= pipesMax || isRefused { return nil }
    guard let pipe = Pipe(bytes: pipeBytes) else {
      isRefused = true
      idleTimeout?.set(atNanoseconds: loop.nowNanoseconds + Self.idleNanoseconds)
      return nil
    }
    made += 1
    return pipe
  }

  /// Takes a pipe back. One that still holds bytes, of an exchange that was cut, is closed.
  public func giveBack(_ pipe: Pipe) {
    isRefused = false
    if pipe.count == 0 {
      idle.append(pipe)
      idleTimeout?.set(atNanoseconds: loop.nowNanoseconds + Self.idleNanoseconds)
    } else {
      made -= 1
    }
  }

  public override func onTimeout(_ timeout: Timeout) {
    isRefused = false
    made -= idle.count
    idle.removeAll(keepingCapacity: true)
  }
}
