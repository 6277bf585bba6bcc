import Body
import Testing

@testable import Penstock

/// What a fault of a body is called, by whose body it was.
@Suite struct StageErrorsTests {
  @Test(
    arguments: [
      (.malformed, .badEncoding, .upstreamBadEncoding),
      (.checksum, .badEncoding, .upstreamBadEncoding),
      (.truncated, .badEncoding, .upstreamTruncated),
      (.expandsTooMuch, .decompressionLimit, .upstreamDecompressionLimit),
    ] as [(StageFault, PenstockError, PenstockError)])
  func `a fault is told of the side whose body it was`(
    fault: StageFault, request: PenstockError, response: PenstockError
  ) {
    #expect(PenstockError(request: fault) == request)
    #expect(PenstockError(response: fault) == response)
    #expect(request.row.side == .downstream && (400..<500).contains(request.row.status))
    #expect(response.row.side == .upstream && response.row.status == 502)
  }

  @Test(arguments: [StageFault.malformed, .checksum, .truncated, .expandsTooMuch])
  func `a body that cannot be read is no reason to send it again`(fault: StageFault) {
    #expect(!PenstockError(request: fault).row.isTransient)
  }
}
