import Wire

/// Parts of an endpoint as text, for the log and for comparing names; never for where to go.
enum EndpointText {
  /// Path and query, without scheme, user and host: a user name may be a secret.
  @_lifetime(copy endpoint)
  static func path(_ endpoint: Span<UInt8>) -> Span<UInt8> {
    var index = 0
    while index + 2 < endpoint.count, endpoint[index] != 0x2f, endpoint[index] != 0x3f {
      if endpoint[index] == 0x3a, endpoint[index + 1] == 0x2f, endpoint[index + 2] == 0x2f {
        var end = index + 3
        while end < endpoint.count, endpoint[end] != 0x2f, endpoint[end] != 0x3f { end &+= 1 }
        return endpoint.extracting(end..<endpoint.count)
      }
      index &+= 1
    }
    return endpoint
  }

  /// What has to stand before one more query parameter: `?`, `&`, or nothing behind a bare mark.
  static func nextQueryMark(_ target: Span<UInt8>) -> UInt8? {
    guard target.index(of: 0x3f, from: 0) != nil else { return 0x3f }
    let last = target[target.count - 1]
    return last == 0x3f || last == 0x26 ? nil : 0x26
  }

  /// True where the query has a parameter of that name, in any case and encoding.
  static func queryNames(_ endpoint: Span<UInt8>, contain name: Span<UInt8>) -> Bool {
    guard let question = endpoint.index(of: 0x3f, from: 0) else { return false }
    var index = question + 1
    while index < endpoint.count {
      let end = endpoint.index(of: 0x26, from: index) ?? endpoint.count
      let pair = endpoint.extracting(index..<end)
      let nameEnd = pair.index(of: 0x3d, from: 0) ?? pair.count
      if PercentCoding.decodesLoosely(pair.extracting(0..<nameEnd), to: name) { return true }
      index = end + 1
    }
    return false
  }
}
