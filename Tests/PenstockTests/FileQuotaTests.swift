import Testing

@testable import Penstock

/// The quota of binary results: what counts, from when on, and what is refused.
@Suite struct FileQuotaTests {
  private let quota = FileQuota(bytesMax: 100, filesMax: 2)

  private func total(_ files: Int, _ bytes: Int) -> FileQuota.Totals {
    FileQuota.Totals(bytes: bytes, files: files)
  }

  private func named(at time: Int64, expires: Int = 1000) -> FileQuota.Named {
    FileQuota.Named(changedNanoseconds: time, expiresUnixSeconds: expires)
  }

  @Test func `files count from their beginning on`() throws {
    var quota = quota
    try quota.beginFile()
    try quota.beginFile()
    #expect(throws: StoreError.filesQuota) { try quota.beginFile() }
    quota.endFile(bytes: 0, named: nil)
    try quota.beginFile()
    #expect(quota.writing == total(2, 0))
    #expect(quota.stored == total(0, 0))
  }

  @Test func `bytes count before they are written, up to the last one`() throws {
    var quota = quota
    try quota.beginFile()
    try quota.reserve(60)
    #expect(throws: StoreError.bytesQuota) { try quota.reserve(41) }
    try quota.reserve(40)
    #expect(quota.writing == total(1, 100))
    quota.endFile(bytes: 100, named: nil)
    #expect(quota.writing == total(0, 0))
  }

  @Test func `a named file stays, and says when the first one expires`() throws {
    var quota = quota
    for expires in [2000, 1000] {
      try quota.beginFile()
      try quota.reserve(10)
      quota.endFile(bytes: 10, named: named(at: 5, expires: expires))
    }
    #expect(quota.stored == total(2, 20))
    #expect(quota.nextExpiryUnixSeconds == 1000)
    #expect(throws: StoreError.filesQuota) { try quota.beginFile() }
  }

  @Test func `a look at the directory is what counts, but for what it may have missed`() throws {
    var quota = FileQuota(bytesMax: 1000, filesMax: 10)
    for time: Int64 in [4, 5, 6] {
      try quota.beginFile()
      try quota.reserve(10)
      quota.endFile(bytes: 10, named: named(at: time, expires: 1000 + Int(time)))
    }
    // It began at 5: of the three it has counted the first, and two of another process.
    quota.onSwept(total(3, 30), nextExpiryUnixSeconds: 1100, startNanoseconds: 5)
    #expect(quota.stored == total(5, 50))
    #expect(quota.nextExpiryUnixSeconds == 1005)
    quota.onSwept(total(5, 50), nextExpiryUnixSeconds: 1005, startNanoseconds: 7)
    #expect(quota.stored == total(5, 50))
    quota.onSwept(total(0, 0), nextExpiryUnixSeconds: Int.max, startNanoseconds: 8)
    #expect(quota.stored == total(0, 0))
    #expect(quota.nextExpiryUnixSeconds == Int.max)
  }

  @Test func `what is being written is not the directory's to count`() throws {
    var quota = quota
    try quota.beginFile()
    try quota.reserve(50)
    quota.onSwept(total(0, 0), nextExpiryUnixSeconds: Int.max, startNanoseconds: 9)
    #expect(quota.writing == total(1, 50))
    #expect(throws: StoreError.bytesQuota) { try quota.reserve(51) }
  }
}
