import Wire

/// What an upstream says of its account's quota.
extension Exchange {
  /// Keeps it for the metrics. A credential that came with the request has a quota of its own,
  /// which is not the account's.
  func noteQuota(_ head: borrowing ResponseHead, _ bytes: Span<UInt8>) {
    guard head.fields.tellsOfQuota, !record.isCredentialInline else { return }
    let quota = Quota(
      head.fields, bytes, nowUnixSeconds: Int(worker.loop.wallNanoseconds / 1_000_000_000))
    worker.shard.noteQuota(
      quota, account: record.account, nowNanoseconds: worker.loop.nowNanoseconds)
  }
}
