import Testing
import Wire

@Suite struct Base64Tests {
  private func decoded(_ text: String) throws(Base64.Fault) -> [UInt8] {
    let bytes = Array(text.utf8)
    var buffer = ByteBuffer()
    buffer.append("before")
    do throws(Base64.Fault) {
      try Base64.decode(bytes.span, into: &buffer)
    } catch {
      #expect(buffer.withUnsafeBytes { $0.elementsEqual("before".utf8) })
      #expect(outcomeInPlace(bytes) == .failure(error))
      throw error
    }
    let decoded = buffer.withUnsafeBytes { Array($0.dropFirst(6)) }
    #expect(outcomeInPlace(bytes) == .success(decoded))
    return decoded
  }

  private func outcomeInPlace(_ text: [UInt8]) -> Result<[UInt8], Base64.Fault> {
    do throws(Base64.Fault) {
      return .success(try decodedInPlace(text))
    } catch {
      return .failure(error)
    }
  }

  private func decodedInPlace(_ text: [UInt8]) throws(Base64.Fault) -> [UInt8] {
    var buffer = ByteBuffer()
    buffer.append("{\"")
    buffer.append(text)
    buffer.append("\"}")
    let count = try Base64.decode(inPlace: 2..<(2 + text.count), of: &buffer)
    #expect(buffer.withUnsafeBytes { $0.suffix(2).elementsEqual("\"}".utf8) })
    return buffer.withUnsafeBytes { Array($0.dropFirst(2).prefix(count)) }
  }

  private func encoded(_ bytes: [UInt8]) -> String {
    var buffer = ByteBuffer()
    Base64.encode(bytes.span, into: &buffer)
    return buffer.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
  }

  @Test(arguments: [
    ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="),
    ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy"),
  ])
  func hasTheVectorsOfRFC4648(plain: String, text: String) throws {
    #expect(encoded(Array(plain.utf8)) == text)
    #expect(try decoded(text) == Array(plain.utf8))
  }

  @Test(arguments: [
    ("Zg", Base64.Fault.malformedPadding), ("Zg=", .malformedPadding), ("Z===", .malformedPadding),
    ("====", .malformedPadding), ("=Zg=", .malformedPadding), ("Zg==Zg==", .malformedPadding),
    ("Zm9vZ", .malformedPadding), ("Zm9\n", .foreignByte), ("Zm 9", .foreignByte),
    ("Zm-_", .foreignByte), ("Zm9v\r\n==", .foreignByte), ("Zh==", .strayBits),
    ("Zm9=", .strayBits), ("Zm\u{0}=", .foreignByte), ("Zmé", .foreignByte),
  ])
  func refusesWhatTheRFCDoesNotHave(text: String, fault: Base64.Fault) {
    #expect(throws: fault) { try decoded(text) }
  }

  @Test func decodesWhatItEncodes() throws {
    var random = JSONTestRandom(for: "decodesWhatItEncodes")
    for _ in 0..<2_000 {
      let bytes = (0..<random.below(60)).map { _ in UInt8(random.below(256)) }
      #expect(try decoded(encoded(bytes)) == bytes)
    }
  }

  @Test func whatItDecodesHasOneTextOnly() {
    var random = JSONTestRandom(for: "whatItDecodesHasOneTextOnly")
    for _ in 0..<20_000 {
      let text = random.mutated(Array("Zm9vYmFyZm8=".utf8), alphabet: Array("Zm9v=+/-_ \n".utf8))
      let string = String(decoding: text, as: UTF8.self)
      if let bytes = try? decoded(string) { #expect(encoded(bytes) == string) }
    }
  }
}
