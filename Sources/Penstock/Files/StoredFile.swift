/// A binary result that is whole and named.
struct StoredFile: Sendable {
  let id: FileID
  let size: Int
  let contentType: [UInt8]
  let expiresUnixSeconds: Int
}
