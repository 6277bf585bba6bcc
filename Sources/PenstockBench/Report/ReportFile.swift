import Glibc

/// Writes a report where a flag says.
enum ReportFile {
  /// Says early what could not be written; what is there stays until then.
  static func check(_ path: String) throws(RunFault) {
    let isThere = access(path, F_OK) == 0
    guard let file = fopen(path, "ab") else {
      throw RunFault("cannot write \(path): \(StreamFault.text(errno))")
    }
    fclose(file)
    if !isThere { unlink(path) }
  }

  static func write(_ bytes: [UInt8], to path: String) throws(RunFault) {
    guard let file = fopen(path, "wb") else {
      throw RunFault("cannot write \(path): \(StreamFault.text(errno))")
    }
    let written = fwrite(bytes, 1, bytes.count, file)
    guard fclose(file) == 0, written == bytes.count else {
      throw RunFault("cannot write \(path): \(StreamFault.text(errno))")
    }
  }

  /// HdrHistogram's text form, which its plotters read; in milliseconds.
  static func hgrm(_ latencies: Latencies) -> [UInt8] {
    var text = ""
    latencies.outputPercentileDistribution(to: &text, outputValueUnitScalingRatio: 1e6)
    return Array(text.utf8)
  }
}
