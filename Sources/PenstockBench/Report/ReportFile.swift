import Glibc

/// Writes a report where a flag says.
enum ReportFile {
  static func write(_ bytes: [UInt8], to path: String) throws(FlagFault) {
    guard let file = fopen(path, "wb") else {
      throw FlagFault("cannot write \(path): \(StreamFault.text(errno))")
    }
    let written = fwrite(bytes, 1, bytes.count, file)
    guard fclose(file) == 0, written == bytes.count else {
      throw FlagFault("cannot write \(path): \(StreamFault.text(errno))")
    }
  }

  /// HdrHistogram's text form, which its plotters read; in milliseconds.
  static func hgrm(_ latencies: Latencies) -> [UInt8] {
    var text = ""
    latencies.outputPercentileDistribution(to: &text, outputValueUnitScalingRatio: 1e6)
    return Array(text.utf8)
  }
}
