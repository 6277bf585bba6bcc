extension ByteBuffer {
  /// Appends `Name: value` and CRLF.
  @inlinable public mutating func appendField(_ name: StaticString, _ value: Span<UInt8>) {
    append(name)
    append(": ")
    append(value)
    append("\r\n")
  }

  @inlinable public mutating func appendField(_ name: StaticString, _ value: StaticString) {
    append(name)
    append(": ")
    append(value)
    append("\r\n")
  }

  @inlinable public mutating func appendField(_ name: StaticString, _ value: [UInt8]) {
    append(name)
    append(": ")
    append(value)
    append("\r\n")
  }

  @inlinable public mutating func appendField(_ name: StaticString, decimal value: Int) {
    append(name)
    append(": ")
    append(decimal: value)
    append("\r\n")
  }

  /// Appends a field as it stands in a message.
  @inlinable public mutating func appendField(_ field: Field, of bytes: Span<UInt8>) {
    append(bytes[field.name])
    append(": ")
    append(bytes[field.value])
    append("\r\n")
  }

  // MARK: The chunked coding (RFC 9112 §7.1)

  /// Appends payload as one chunk; nothing where there is none, for that would be the last chunk.
  public mutating func appendChunk(_ payload: Span<UInt8>) {
    if payload.isEmpty { return }
    appendChunkHead(payload.count)
    append(payload)
    append("\r\n")
  }

  /// Appends the line before a chunk's data, of which there are `count` bytes, at least one.
  public mutating func appendChunkHead(_ count: Int) {
    append(hexadecimal: UInt(count))
    append("\r\n")
  }

  /// Ends a chunked body without trailers.
  public mutating func appendLastChunk() { append("0\r\n\r\n") }
}
