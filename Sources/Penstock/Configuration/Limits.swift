/// Every bound of the process, in one place; counts and bytes, unless the name says otherwise.
///
/// 0 is no limit where a comment says so; nowhere else.
public struct Limits: Sendable, Equatable {
  // MARK: A client's request

  /// The request target.
  public var uriBytes = 8192
  /// The whole head, request line included.
  public var headerBytes = 32_768
  public var headers = 100
  public var headerNameBytes = 256
  public var headerValueBytes = 8192
  public var trailerBytes = 16_384
  /// All chunk extensions of a body together.
  public var chunkExtensionBytes = 16_384
  public var methodBytes = 32

  // MARK: A client's connection

  /// Client connections of all workers.
  public var connections = 10_000
  /// From one address; 0 is no limit.
  public var connectionsPerAddress = 0
  /// Requests read ahead of the one that is being answered.
  public var pipelineDepth = 16
  public var keepaliveRequests = 1000
  public var keepaliveAgeMilliseconds = 3_600_000
  /// Read and discarded after a refusal, so that the client can read the answer.
  public var lingeringBytes = 262_144
  public var lingeringTimeMilliseconds = 2000

  // MARK: The execute endpoint

  public var executeBodyBytes = 16 << 20
  public var executeResponseBytes = 256 << 20
  public var executeParameters = 100
  /// An answer that comes slower than so many bytes a second, over so long, is given up.
  public var executeLowSpeedBytes = 100
  public var executeLowSpeedMilliseconds = 30_000
  public var jsonDepth = 64
  public var endpointBytes = 8192

  // MARK: Upstream

  public var upstreamHeaderBytes = 65_536
  public var upstreamHeaders = 256
  public var upstreamInterimResponses = 32
  /// Of a request body, kept for the one retry.
  public var retryHeldBytes = 16_384
  /// Of one worker.
  public var dialsInFlight = 256
  public var dnsTimeoutMilliseconds = 3000
  public var dnsCacheMilliseconds = 60_000

  // MARK: Buffers and turns

  /// Above it the source is no longer read.
  public var writeBufferHighBytes = 65_536
  /// Below it the source is read again.
  public var writeBufferLowBytes = 16_384
  public var readBufferBytes = 16_384
  /// Of the whole process; new work is refused from 80 % on.
  public var bufferedBytes = 256 << 20
  /// Exchanges of the whole process; 0 is no limit.
  public var inFlight = 0
  /// Pipes of one worker, through which bodies go without being copied; 0 is none.
  public var splicePipes = 8
  /// The size of each, a power of two.
  public var splicePipeBytes = 1 << 20
  /// Of bodies, moved in one turn before everyone gets small shares only.
  public var turnBytes = 4 << 20
  /// Of a body that is collected before it is sent: in memory, and in all.
  public var requestMemoryBytes = 65_536
  public var requestSpoolBytes = 1 << 30
  public var acceptsPerTurn = 64
  public var tlsHandshakesPerTurn = 2

  // MARK: Log

  public var logFieldBytes = 1024
  public var logLineBytes = 8192
  public var logRingBytes = 8 << 20

  // MARK: Content codings

  /// Output per input byte, once `decompressionRatioAfterBytes` have come out.
  public var decompressionRatio = 100
  public var decompressionRatioAfterBytes = 65_536
  public var gzipHeaderBytes = 65_536
  public var gzipMembers = 1024
  public var compressionContexts = 1000
  /// Of one worker and kind, kept for the next body.
  public var compressionContextsIdle = 32

  // MARK: Binary bodies and results

  public var executeBase64Bytes = 4 << 20
  public var binaryBodyBytes = 250 << 20
  /// Of an answer, held back before its envelope begins.
  public var executeHeldBytes = 65_536
  public var fileBytes = 1 << 30
  public var filesFreePercent = 5
  public var idempotentAnswerBytes = 65_536

  public init() {}
}
