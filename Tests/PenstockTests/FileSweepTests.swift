import EventLoop
import Glibc
import Testing

@testable import Penstock

/// What a look through the directory removes, counts and leaves alone.
@Suite struct FileSweepTests {
  private let scene: FileScene

  init() throws { scene = try FileScene() }

  private func end() {
    scene.stop()
    scene.remove()
  }

  private func sweep() throws -> FileSweep {
    // What has changed in this tick of the disk's clock is not counted yet.
    usleep(10_000)
    let sweep = FileSweep(try StoreDirectory(path: scene.path))
    sweep.run()
    return sweep
  }

  private func part() throws -> String { StoredName.part(try #require(FileID())) }

  @Test func `what has expired goes, what has not is counted`() throws {
    defer { end() }
    let now = FileScene.nowSeconds
    for offset in [-100_000, -1, 0] { try scene.plant(7, expires: now + offset) }
    for offset in [60, 3600] { try scene.plant(5, expires: now + offset) }
    let sweep = try sweep()
    #expect(scene.names.count == 2)
    #expect(sweep.expired == 3)
    #expect(sweep.found == .init(bytes: 2 * (5 + FileHeader.bytes), files: 2))
    #expect(sweep.nextExpiryUnixSeconds == now + 60)
    #expect(sweep.errors == [])
  }

  @Test func `what a dead process was writing goes, and what a living one writes stays`() throws {
    defer { end() }
    let (dead, alive) = (try part(), try part())
    try scene.plant(dead)
    try scene.plant(alive)
    let descriptor = open("\(scene.path)/\(alive)", O_RDWR)
    #expect(flock(descriptor, LOCK_EX | LOCK_NB) == 0)
    _ = try sweep()
    #expect(scene.names == [alive])
    close(descriptor)
    let last = try sweep()
    #expect(scene.names == [])
    #expect(last.expired == 0 && last.found == .init())
  }

  @Test func `what is somebody else's is left alone`() throws {
    defer { end() }
    let id = String(decoding: try #require(FileID()).text, as: UTF8.self)
    for name in ["notes.txt", "\(id)", "\(id).1.part", "\(id.uppercased())-1", ".hidden"] {
      try scene.plant(name)
    }
    let names = scene.names
    let sweep = try sweep()
    #expect(scene.names == names && sweep.found == .init() && sweep.expired == 0)
  }

  @Test func `what is no file does not count, and a link leads nowhere`() throws {
    defer { end() }
    try scene.plant("target")
    for name in ["-1", "-99999999999", ".part"] {
      let id = String(decoding: try #require(FileID()).text, as: UTF8.self)
      #expect(symlink("\(scene.path)/target", "\(scene.path)/\(id)\(name)") == 0)
    }
    let sweep = try sweep()
    #expect(sweep.found == .init())
    #expect(scene.names.count == 3 && scene.names.contains("target"))
  }

  @Test func `an expired name that cannot be removed is told of, each time`() throws {
    defer { end() }
    let id = String(decoding: try #require(FileID()).text, as: UTF8.self)
    #expect(mkdir("\(scene.path)/\(id)-1", 0o700) == 0)
    for _ in 0..<2 {
      let sweep = try sweep()
      #expect(sweep.expired == 0 && sweep.errors.count == 1)
      #expect(sweep.nextExpiryUnixSeconds == Int.max)
    }
  }

  @Test func `two that sweep one directory remove each file once`() throws {
    defer { end() }
    for _ in 0..<3000 { try scene.plant(0, expires: 1) }
    let other = try FileScene(path: scene.path)
    let (first, second) = (scene.store, other.store)
    first.tasks.submit { first.sweep() }
    second.tasks.submit { second.sweep() }
    eventually("both") { first.figures.expired + second.figures.expired == 3000 }
    other.stop()
    #expect(scene.names == [])
    for store in [first, second] { #expect(store.figures.errors.allSatisfy { $0 == 0 }) }
  }
}
