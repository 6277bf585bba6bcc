import Telemetry
import Wire

/// Writes what others said into log lines, without the secrets of the configuration.
///
/// A secret appears as `***`, wherever a client put it and however it is encoded. One a worker; it
/// keeps its memory.
struct Redactor: ~Copyable {
  private var search: SecretSearch
  private var clean = ByteBuffer()
  private var shown = ByteBuffer()

  init(_ secrets: SecretMatcher) { search = SecretSearch(secrets) }

  /// Writes a member whose value takes at most `bytesMax` bytes, escapes included; returns whether
  /// it had to be cut for that. `hasQuery`: behind a `?` only keys are shown. `isCut`: the text
  /// goes on, but not here.
  mutating func write(
    _ name: StaticString, _ text: Span<UInt8>, bytesMax: Int, hasQuery: Bool = false,
    isCut: Bool = false, into line: inout ByteBuffer
  ) -> Bool {
    clean.removeAll()
    // Before anything is cut: what is left of a secret would not be known as one.
    if search.redact(text, isCut: isCut, into: &clean) {
      return Self.write(name, clean, bytesMax, hasQuery, &shown, into: &line)
    }
    return Self.write(name, text, bytesMax, hasQuery, &shown, into: &line)
  }

  /// Whether the text may be shown as it is.
  mutating func isClean(_ text: Span<UInt8>) -> Bool {
    clean.removeAll()
    return !search.redact(text, into: &clean)
  }

  private static func write(
    _ name: StaticString, _ text: borrowing ByteBuffer, _ bytesMax: Int, _ hasQuery: Bool,
    _ shown: inout ByteBuffer, into line: inout ByteBuffer
  ) -> Bool {
    write(name, text.span, bytesMax, hasQuery, &shown, into: &line)
  }

  private static func write(
    _ name: StaticString, _ text: Span<UInt8>, _ bytesMax: Int, _ hasQuery: Bool,
    _ shown: inout ByteBuffer, into line: inout ByteBuffer
  ) -> Bool {
    guard hasQuery, let question = text.index(of: 0x3f, from: 0) else {
      return JSONLine.string(name, text, bytesMax: bytesMax, into: &line)
    }
    shown.removeAll()
    appendWithoutValues(text, from: question, into: &shown)
    return JSONLine.string(name, shown.span, bytesMax: bytesMax, into: &line)
  }

  /// Keys stay, values become `***`.
  private static func appendWithoutValues(
    _ target: Span<UInt8>, from question: Int, into out: inout ByteBuffer
  ) {
    out.append(target.extracting(0...question))
    var index = question + 1
    while index <= target.count {
      let end = target.index(of: 0x26, from: index) ?? target.count
      let equals = target.index(of: 0x3d, from: index) ?? target.count
      // Without a name the whole of it may be a value.
      if equals < end { out.append(target.extracting(index...equals)) }
      if end > index { out.append("***") }
      if end < target.count { out.append(0x26) }
      index = end + 1
    }
  }
}
