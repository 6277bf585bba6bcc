/// What a worker has at the moment, beside its connections.
enum WorkerLevel: Int, CaseIterable, Sendable {
  case requestsQueued, dials, keptBufferBytes
}

/// What a worker has done, without an account.
enum WorkerTotal: Int, CaseIterable, Sendable {
  case fullHandshakes, resumedHandshakes, encodedIn, encodedOut, decodedIn, decodedOut, replays
}
