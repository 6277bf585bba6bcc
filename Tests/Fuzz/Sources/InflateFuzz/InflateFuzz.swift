import CSystem
import FuzzSupport

/// ISA-L beside zlib on the same data, each in pieces of its own. What zlib takes for whole, ISA-L
/// must, with the same bytes and the same end; and neither may read or write where it should not.
///
/// ISA-L takes some codes that zlib refuses, incomplete ones: the checksum is there for that.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> Int32 {
  var choices = Choices(start, count)
  let data = data(&choices)
  let zlib = Face.zlib.inflated(data, &choices)
  let isal = Face.isal.inflated(data, &choices)
  if zlib.result == CS_INFLATE_END { precondition(isal == zlib, "\(isal.result)") }
  // What was there before the data must not come out with it.
  if zlib.leadsTooFarBack { precondition(isal.result != CS_INFLATE_END) }
  // Where zlib still waits ISA-L may already see that a header is broken.
  if zlib.result == CS_INFLATE_NEEDS_INPUT { precondition(isal.result != CS_INFLATE_END) }
  let again = Face.isal.inflated(data, &choices)
  precondition(again.result == isal.result || isal.out.count > 1 << 20)
  return 0
}
