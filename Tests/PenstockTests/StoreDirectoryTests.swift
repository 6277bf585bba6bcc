import Glibc
import Testing

@testable import Penstock

/// Which directories will do for binary results.
@Suite final class StoreDirectoryTests {
  private let path: String

  init() throws { path = try FileScene.newPath() }

  deinit { system("rm -rf '\(path)'") }

  private func make(_ name: String, _ mode: mode_t = 0o700) throws -> String {
    let made = "\(path)/\(name)"
    try #require(mkdir(made, 0o700) == 0 && chmod(made, mode) == 0)
    return made
  }

  private func opening(_ path: String) -> StoreProblem? {
    do throws(StoreProblem) {
      _ = try StoreDirectory(path: path)
      return nil
    } catch {
      return error
    }
  }

  @Test(
    arguments: [
      (0o700, nil), (0o755, .openToOthers), (0o750, .openToOthers), (0o711, .openToOthers),
      (0o1777, .openToOthers), (0o702, .openToOthers), (0o500, .closedToOwner),
    ] as [(mode_t, StoreProblem?)])
  func `a mode is judged, when it is looked at and when it is opened`(
    mode: mode_t, problem: StoreProblem?
  ) throws {
    let path = try make("m\(mode)", mode)
    #expect(opening(path) == problem)
    #expect(StoreProblem.found(at: path) == problem)
  }

  @Test func `what is missing is made with all above it, and looking does not make it`() throws {
    let missing = "\(path)/a/b/c"
    #expect(StoreProblem.found(at: missing) == nil)
    #expect(access("\(path)/a", F_OK) != 0)
    #expect(opening(missing) == nil)
    for name in ["a", "a/b", "a/b/c"] {
      var status = stat()
      #expect(stat("\(path)/\(name)", &status) == 0 && status.st_mode & 0o7777 == 0o700)
    }
  }

  @Test func `a file is no directory, nor what is below one, nor a link`() throws {
    close(open("\(path)/file", O_CREAT | O_WRONLY, 0o600))
    #expect(symlink(try make("real"), "\(path)/link") == 0)
    for name in ["file", "file/below", "link"] {
      #expect(StoreProblem.found(at: "\(path)/\(name)") == .notADirectory)
      #expect(opening("\(path)/\(name)") == .notADirectory)
    }
  }

  @Test func `what belongs to another user will not do`() throws {
    // Only root can give something away.
    if geteuid() != 0 { return }
    let path = try make("other")
    try #require(chown(path, 65534, 65534) == 0)
    #expect(StoreProblem.found(at: path) == .otherOwner)
    #expect(opening(path) == .otherOwner)
  }

  @Test func `where nothing can be made there is none`() {
    for path in ["/proc/penstock", "/proc/penstock/files"] { #expect(opening(path) != nil) }
  }

  @Test func `it knows that it has been deleted`() throws {
    let directory = try StoreDirectory(path: "\(path)/short")
    #expect(!directory.isDeleted)
    #expect(rmdir("\(path)/short") == 0)
    #expect(directory.isDeleted)
  }
}
