import EventLoop
import Glibc
import Testing
import Wire

@testable import Penstock

/// Binary results on their way to the disk, by a loop and its helpers.
@Suite struct FileWriterTests {
  private static func pattern(_ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 8) }
  }

  /// Writes a whole file, `piece` bytes a call.
  private func write(_ scene: FileScene, _ bytes: [UInt8], piece: Int = 100_000) -> FileProbe {
    let probe = scene.begin()
    scene.onLoop {
      probe.append(bytes, piece: piece)
      probe.call { $0.finish() }
    }
    return probe
  }

  private func total(_ files: Int, _ bytes: Int) -> FileQuota.Totals {
    FileQuota.Totals(bytes: bytes + files * FileHeader.bytes, files: files)
  }

  @Test(arguments: [0, 1, 131_071, 131_072, 131_073, 3_000_000], [1000, 65_536, 1 << 20])
  func `a file is whole, private and described once it is told of`(
    size: Int, piece: Int
  ) throws {
    let scene = try FileScene()
    defer { scene.remove() }
    let bytes = Self.pattern(size)
    let name = try write(scene, bytes, piece: piece).waitForName()
    #expect(scene.names == [name])
    guard case .whole(let expires)? = StoredName(name) else {
      Issue.record("\(name)")
      return
    }
    #expect((3598...3601).contains(expires - FileScene.nowSeconds))
    let content = try scene.content(name)
    let header = try #require(FileHeader(Array(content.prefix(FileHeader.bytes))))
    #expect(header.size == size)
    #expect(String(decoding: header.contentType, as: UTF8.self) == "application/pdf")
    let isSame = Array(content.dropFirst(FileHeader.bytes)) == bytes
    #expect(isSame)
    var status = stat()
    #expect(lstat("\(scene.path)/\(name)", &status) == 0)
    #expect(status.st_mode & 0o7777 == 0o600)
    scene.stop()
    #expect(scene.store.figures.totals == total(1, size))
  }

  @Test func `what is cancelled leaves nothing behind, and nobody is told`() throws {
    let scene = try FileScene()
    defer { scene.remove() }
    var probes: [FileProbe] = []
    for count in [0, 1, 131_072, 2_000_000] {
      for isFinished in [false, true] {
        let probe = scene.begin()
        scene.onLoop {
          probe.append(Self.pattern(count))
          if isFinished { probe.call { $0.finish() } }
          probe.call { $0.cancel() }
        }
        probes.append(probe)
      }
    }
    scene.stop()
    #expect(scene.names == [])
    #expect(scene.store.figures.totals == total(0, 0))
    for probe in probes { #expect(probe.events == []) }
  }

  @Test func `a writer says when it can take no more, and when it can again`() throws {
    let scene = try FileScene()
    defer { scene.remove() }
    let probe = scene.begin()
    scene.onLoop {
      // Within one turn the helpers cannot say that they are done.
      probe.append(Self.pattern(2 << 20))
      #expect(probe.writer?.canTake == false)
    }
    eventually("room") { probe.events == [.drained] }
    scene.onLoop {
      #expect(probe.writer?.canTake == true)
      probe.call { $0.finish() }
    }
    let name = try probe.waitForName()
    #expect(try scene.content(name).count == 2 << 20 + FileHeader.bytes)
    scene.stop()
  }

  @Test func `a file that is too large is refused, and its room given back`() throws {
    let scene = try FileScene(fileBytesMax: 200_000)
    defer { scene.remove() }
    _ = try write(scene, Self.pattern(200_000)).waitForName()
    #expect(write(scene, Self.pattern(200_001)).waitForEnd() == .failed(.tooLarge))
    scene.stop()
    #expect(scene.names.count == 1)
    #expect(scene.store.figures.totals == total(1, 200_000))
  }

  // MARK: Room

  @Test func `the quota of bytes holds to the byte`() throws {
    let scene = try FileScene(bytesMax: 300_000 + 2 * FileHeader.bytes)
    defer { scene.remove() }
    _ = try write(scene, Self.pattern(200_000)).waitForName()
    #expect(write(scene, Self.pattern(100_001)).waitForEnd() == .failed(.bytesQuota))
    _ = try write(scene, Self.pattern(100_000)).waitForName()
    #expect(write(scene, [1]).waitForEnd() == .failed(.bytesQuota))
    scene.stop()
    #expect(scene.names.count == 2)
    #expect(scene.store.figures.errors[StoreError.bytesQuota.rawValue] == 2)
  }

  @Test func `what has expired makes room, and what has not stays`() throws {
    let scene = try FileScene(filesMax: 3)
    defer { scene.remove() }
    try scene.plant(10, expires: FileScene.nowSeconds - 5)
    let kept = try scene.plant(10, expires: FileScene.nowSeconds + 500)
    // What another process did in this tick of the disk's clock counts from the next look on.
    usleep(10_000)
    // What nobody has looked at is looked at first.
    _ = try write(scene, [1]).waitForName()
    _ = try write(scene, [2]).waitForName()
    #expect(scene.names.count == 3 && scene.names.contains(kept))
    #expect(write(scene, [3]).waitForEnd() == .failed(.filesQuota))
    scene.stop()
    #expect(scene.store.figures.expired == 1)
  }

  @Test func `where nothing has expired the directory is not looked through`() throws {
    let scene = try FileScene(filesMax: 1)
    defer { scene.remove() }
    _ = try write(scene, [1]).waitForName()
    // A look would find it, and remove it.
    let unseen = try scene.plant(10, expires: 1)
    for _ in 0..<100 { #expect(write(scene, [2]).waitForEnd() == .failed(.filesQuota)) }
    #expect(scene.names.contains(unseen))
    scene.stop()
  }

  @Test func `a file that expires makes room for the next one`() throws {
    let scene = try FileScene(filesMax: 1, ttlMilliseconds: 1000)
    defer { scene.remove() }
    let first = try write(scene, [1]).waitForName()
    #expect(write(scene, [2]).waitForEnd() == .failed(.filesQuota))
    guard case .whole(let expires)? = StoredName(first) else { return }
    eventually("the expiry") { FileScene.nowSeconds >= expires }
    let second = try write(scene, [2]).waitForName()
    #expect(scene.names == [second])
    scene.stop()
  }

  // MARK: A directory that goes away

  @Test func `a directory that was deleted is made again`() throws {
    let scene = try FileScene()
    defer { scene.remove() }
    _ = try write(scene, [1]).waitForName()
    scene.remove()
    let name = try write(scene, [2]).waitForName()
    #expect(scene.names == [name])
    scene.stop()
  }

  @Test func `a file whose directory goes in the middle of it fails`() throws {
    let scene = try FileScene()
    defer { scene.remove() }
    let probe = scene.begin()
    scene.onLoop { probe.append(Self.pattern(200_000)) }
    eventually("a file") { scene.names.count == 1 }
    scene.remove()
    scene.onLoop { probe.call { $0.finish() } }
    #expect(probe.waitForEnd() == .failed(.other))
    scene.stop()
    #expect(scene.store.figures.totals == total(0, 0))
  }

  @Test func `many files keep their books`() throws {
    let scene = try FileScene()
    defer { scene.remove() }
    var probes: [FileProbe] = []
    for index in 0..<200 {
      let probe = scene.begin()
      scene.onLoop {
        probe.append(Self.pattern(index * 1000))
        if index % 3 == 0 { probe.call { $0.cancel() } } else { probe.call { $0.finish() } }
      }
      probes.append(probe)
      if index % 20 == 0 {
        let store = scene.store
        store.tasks.submit { store.sweep() }
      }
    }
    for (index, probe) in probes.enumerated() where index % 3 != 0 {
      _ = try probe.waitForName()
    }
    scene.stop()
    let kept = probes.indices.filter { $0 % 3 != 0 }
    #expect(scene.names.count == kept.count)
    let bytes = kept.reduce(0) { $0 + $1 * 1000 }
    #expect(scene.store.figures.totals == total(kept.count, bytes))
  }
}
