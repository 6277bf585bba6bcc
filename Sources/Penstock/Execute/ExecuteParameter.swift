import Wire

/// One entry of an envelope's `parameters`, its strings in the request's scratch memory.
struct ExecuteParameter {
  enum Kind {
    case header, query
  }

  let kind: Kind
  let name: Slice
  let value: Slice
}
