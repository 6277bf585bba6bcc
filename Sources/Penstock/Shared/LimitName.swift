/// The limits that a metric tells of: each with its value, and a counter of how often it was hit.
enum LimitName: Int, CaseIterable, Sendable {
  case connections, uriBytes, headerBytes, executeBodyBytes, executeResponseBytes, endpointBytes
  case upstreamHeaderBytes, dialsInFlight, keepaliveRequests, headers, trailerBytes
  case splicePipes, compressionContexts, decompressionRatio, requestSpoolBytes
  case executeBase64Bytes, binaryBodyBytes, fileBytes, filesFreePercent, filesMaxBytes
  case filesMaxFiles, inFlight, accountInFlight
  case connectionsPerAddress

  var name: StaticString {
    switch self {
    case .connections: "connections"
    case .uriBytes: "uri_bytes"
    case .headerBytes: "header_bytes"
    case .executeBodyBytes: "execute_body_bytes"
    case .executeResponseBytes: "execute_response_bytes"
    case .endpointBytes: "endpoint_bytes"
    case .upstreamHeaderBytes: "upstream_header_bytes"
    case .dialsInFlight: "dials_in_flight"
    case .keepaliveRequests: "keepalive_requests"
    case .headers: "headers"
    case .trailerBytes: "trailer_bytes"
    case .splicePipes: "splice_pipes"
    case .compressionContexts: "compression_contexts"
    case .decompressionRatio: "decompression_ratio"
    case .requestSpoolBytes: "request_spool_bytes"
    case .executeBase64Bytes: "execute_base64_bytes"
    case .binaryBodyBytes: "binary_body_bytes"
    case .fileBytes: "file_bytes"
    case .filesFreePercent: "files_free_percent"
    case .filesMaxBytes: "files_max_bytes"
    case .filesMaxFiles: "files_max_files"
    case .inFlight: "in_flight"
    case .connectionsPerAddress: "connections_per_address"
    case .accountInFlight: "account_in_flight"
    }
  }

  func value(_ configuration: Configuration) -> Int {
    let limits = configuration.limits
    return switch self {
    case .connections: limits.connections
    case .uriBytes: limits.uriBytes
    case .headerBytes: limits.headerBytes
    case .executeBodyBytes: limits.executeBodyBytes
    case .executeResponseBytes: limits.executeResponseBytes
    case .endpointBytes: limits.endpointBytes
    case .upstreamHeaderBytes: limits.upstreamHeaderBytes
    case .dialsInFlight: limits.dialsInFlight
    case .keepaliveRequests: limits.keepaliveRequests
    case .headers: limits.headers
    case .trailerBytes: limits.trailerBytes
    case .splicePipes: limits.splicePipes
    case .compressionContexts: limits.compressionContexts
    case .decompressionRatio: limits.decompressionRatio
    case .requestSpoolBytes: limits.requestSpoolBytes
    case .executeBase64Bytes: limits.executeBase64Bytes
    case .binaryBodyBytes: limits.binaryBodyBytes
    case .fileBytes: limits.fileBytes
    case .filesFreePercent: limits.filesFreePercent
    case .filesMaxBytes: configuration.files.bytesMax
    case .filesMaxFiles: configuration.files.filesMax
    case .inFlight: limits.inFlight
    case .connectionsPerAddress: limits.connectionsPerAddress
    // Each account has its own; the largest is told.
    case .accountInFlight: configuration.accounts.map(\.inFlight).max() ?? 0
    }
  }

  /// The limit whose breach an error tells of.
  init?(_ error: PenstockError) {
    switch error {
    case .uriTooLong: self = .uriBytes
    case .headersTooLarge: self = .headerBytes
    case .bodyTooLarge: self = .executeBodyBytes
    case .base64TooLarge: self = .executeBase64Bytes
    case .binaryURLTooLarge: self = .binaryBodyBytes
    case .endpointTooLong: self = .endpointBytes
    case .upstreamHeadersTooLarge: self = .upstreamHeaderBytes
    case .decompressionLimit, .upstreamDecompressionLimit: self = .decompressionRatio
    default: return nil
    }
  }
}
