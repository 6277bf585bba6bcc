import Wire

/// Knows the secrets of a configuration when it sees them, in each of their forms.
///
/// It holds no copy of a secret, only keyed hashes: of the first eight bytes of each form, behind a
/// bitmap that fits a cache and turns away nearly all text, and of the whole form, a polynomial
/// modulo a prime (Carter and Wegman, 1979) for which nobody without the key can make two texts
/// meet. Who reads the process's memory finds the keys, too; and the secrets themselves elsewhere.
///
/// Letters count as the same in either case, for a host is written in lower case; and so do the two
/// alphabets of Base64. Made once with the configuration, read by all workers.
public final class SecretMatcher: Sendable {
  struct Match {
    /// Bytes of the form.
    let count: Int
    /// An index of `names`.
    let secret: Int
    let traits: SecretForms.Traits
  }

  /// One form of one secret.
  private struct Form {
    /// Of its first eight bytes.
    let beginning: UInt64
    let count: Int
    /// Of the whole.
    let hash: UInt64
    let secret: Int
    let traits: SecretForms.Traits

    static func < (left: Form, right: Form) -> Bool {
      (left.beginning >> 32, left.count, left.hash, left.secret)
        < (right.beginning >> 32, right.count, right.hash, right.secret)
    }
  }

  /// What the eight bytes of a window are multiplied by, and the base of the polynomial.
  private let windowKey: UInt64
  private let base: UInt64
  /// Two bits a beginning, both in one word.
  private let filter: [UInt64]
  private let filterShift: UInt64
  // All forms, a column each, for there may be hundreds of thousands: by the upper half of the hash
  // of their beginning, then by their length, then by the hash of the whole.
  private let beginnings: [UInt32]
  private let counts: [UInt32]
  private let hashes: [UInt64]
  private let secrets: [UInt32]
  private let traits: [SecretForms.Traits]
  /// The secrets that are searched for.
  public let names: [SecretName]
  /// Those that are too short to be told from other words.
  public let shortNames: [SecretName]
  /// Bytes of the longest form.
  public let longest: Int

  /// `others`: those of which the configuration keeps a digest only.
  init(_ accounts: [Account], _ others: [NamedSecret]) {
    let windowKey = UInt64.random(in: 0 ... .max) | 1
    let base = UInt64.random(in: (1 << 32)..<Self.prime)
    var forms: [Form] = []
    (names, shortNames) = SecretForms.forEach(of: accounts, and: others) { secret, traits, bytes in
      forms.append(
        Form(
          beginning: Self.hash(Self.window(bytes), windowKey), count: bytes.count,
          hash: Self.hash(bytes, base), secret: secret, traits: traits))
    }
    forms.sort { $0 < $1 }
    beginnings = forms.map { UInt32($0.beginning >> 32) }
    counts = forms.map { UInt32($0.count) }
    hashes = forms.map(\.hash)
    secrets = forms.map { UInt32($0.secret) }
    traits = forms.map(\.traits)
    (filter, filterShift) = Self.filter(forms)
    longest = forms.map(\.count).max() ?? 0
    self.windowKey = windowKey
    self.base = base
  }

  /// 4 KiB, and where there are many forms 32 to 64 bits for each.
  private static func filter(_ forms: [Form]) -> (words: [UInt64], shift: UInt64) {
    var bits: UInt64 = 9
    while 2 << bits < forms.count { bits += 1 }
    var words = [UInt64](repeating: 0, count: 1 << Int(bits))
    for form in forms { words[Int(form.beginning >> (64 - bits))] |= marks(of: form.beginning) }
    return (words, 64 - bits)
  }

  // MARK: Asking

  /// False where no secret stands in the text as it is; seldom true where none does. Takes a
  /// nanosecond or two a byte.
  func isSuspect(_ text: Span<UInt8>) -> Bool {
    if names.isEmpty || text.count < SecretForms.leastBytes { return false }
    var window: UInt64 = 0
    var index = 0
    while index < text.count {
      window = window >> 8 | UInt64(Self.folded[Int(text[index])]) << 56
      if isKnown(Self.hash(window, windowKey)) { return true }
      index &+= 1
    }
    return false
  }

  /// The same for what the text means where a part of it is percent-encoded; true, too, where it
  /// would have to be decoded once more.
  func isSuspect(decoded text: Span<UInt8>) -> Bool {
    if names.isEmpty { return false }
    var window: UInt64 = 0
    var index = 0
    while index < text.count {
      var byte = text[index]
      if let decoded = PercentCoding.byte(at: index, in: text) {
        if decoded == 0x25 { return true }
        byte = decoded
        index &+= 2
      }
      window = window >> 8 | UInt64(Self.folded[Int(byte)]) << 56
      if isKnown(Self.hash(window, windowKey)) { return true }
      index &+= 1
    }
    return false
  }

  @inline(__always) private func isKnown(_ hash: UInt64) -> Bool {
    let marks = Self.marks(of: hash)
    return filter[Int(truncatingIfNeeded: hash &>> filterShift)] & marks == marks
  }

  /// Hashes of all beginnings of a text, the empty one first: with them each match costs the same,
  /// however long a secret is and however often the text begins like one.
  func appendHashes(of text: [UInt8], to hashes: inout [UInt64]) {
    var hash: UInt64 = 0
    hashes.append(hash)
    for byte in text {
      hash = Self.hash(hash, byte, base)
      hashes.append(hash)
    }
  }

  /// The longest form of a secret that begins at a byte of the text. `before`: the hashes of the
  /// text's own beginnings.
  func match(_ text: Span<UInt8>, at start: Int, _ before: [UInt64]) -> Match? {
    guard start + SecretForms.leastBytes <= text.count else { return nil }
    let hash = Self.hash(Self.window(text.extracting(start..<text.count)), windowKey)
    if !isKnown(hash) { return nil }
    let beginning = UInt32(truncatingIfNeeded: hash >> 32)
    // From behind the last of those that begin so, length by length.
    var end = firstIndex { beginnings[$0] > beginning }
    while end > 0, beginnings[end - 1] == beginning {
      let count = counts[end - 1]
      let first = firstIndex { (beginnings[$0], counts[$0]) >= (beginning, count) }
      if start + Int(count) <= text.count {
        let passed = Self.product(before[start], Self.power(base, Int(count)))
        let whole = Self.reduced(before[start + Int(count)] + Self.prime - passed)
        let found = firstIndex {
          (beginnings[$0], counts[$0], hashes[$0]) >= (beginning, count, whole)
        }
        if found < end, hashes[found] == whole {
          return Match(
            count: Int(count), secret: Int(secrets[found]), traits: traits[found])
        }
      }
      end = first
    }
    return nil
  }

  /// The first form from which on the condition holds; behind the last where it holds for none.
  private func firstIndex(_ holds: (Int) -> Bool) -> Int {
    var low = 0
    var high = beginnings.count
    while low < high {
      let middle = (low + high) / 2
      if holds(middle) { high = middle } else { low = middle + 1 }
    }
    return low
  }

  // MARK: Hashes

  private static let prime: UInt64 = 1 << 61 - 1

  private static func window(_ text: Span<UInt8>) -> UInt64 {
    var window: UInt64 = 0
    for index in 0..<SecretForms.leastBytes {
      window = window >> 8 | UInt64(folded[Int(text[index])]) << 56
    }
    return window
  }

  private static func hash(_ window: UInt64, _ key: UInt64) -> UInt64 {
    let mixed = window &* key
    return (mixed ^ mixed >> 32) &* 0x9e37_79b9_7f4a_7c15
  }

  private static func marks(of hash: UInt64) -> UInt64 {
    1 &<< (hash >> 20) | 1 &<< (hash >> 26)
  }

  private static func hash(_ text: Span<UInt8>, _ base: UInt64) -> UInt64 {
    var result: UInt64 = 0
    for index in 0..<text.count { result = hash(result, text[index], base) }
    return result
  }

  /// One step of the polynomial: all before times the base, and the byte.
  private static func hash(_ before: UInt64, _ byte: UInt8, _ base: UInt64) -> UInt64 {
    reduced(product(before, base) + UInt64(folded[Int(byte)]) + 1)
  }

  /// Modulo the prime, as are both factors.
  private static func product(_ left: UInt64, _ right: UInt64) -> UInt64 {
    let product = left.multipliedFullWidth(by: right)
    // 2⁶¹ is 1.
    return reduced((product.high << 3 | product.low >> 61) + (product.low & prime))
  }

  private static func reduced(_ number: UInt64) -> UInt64 {
    let sum = (number & prime) + (number >> 61)
    return sum >= prime ? sum - prime : sum
  }

  private static func power(_ base: UInt64, _ exponent: Int) -> UInt64 {
    var result: UInt64 = 1
    var square = base
    var rest = exponent
    while rest > 0 {
      if rest & 1 == 1 { result = product(result, square) }
      square = product(square, square)
      rest >>= 1
    }
    return result
  }

  /// Letters in lower case, `-` and a space as `+`, `_` as `/`. A form writes a space as `+`.
  private static let folded: InlineArray<256, UInt8> = [
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
    16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31,
    43, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 43, 46, 47,
    48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63,
    64, 97, 98, 99, 100, 101, 102, 103, 104, 105, 106, 107, 108, 109, 110, 111,
    112, 113, 114, 115, 116, 117, 118, 119, 120, 121, 122, 91, 92, 93, 94, 47,
    96, 97, 98, 99, 100, 101, 102, 103, 104, 105, 106, 107, 108, 109, 110, 111,
    112, 113, 114, 115, 116, 117, 118, 119, 120, 121, 122, 123, 124, 125, 126, 127,
    128, 129, 130, 131, 132, 133, 134, 135, 136, 137, 138, 139, 140, 141, 142, 143,
    144, 145, 146, 147, 148, 149, 150, 151, 152, 153, 154, 155, 156, 157, 158, 159,
    160, 161, 162, 163, 164, 165, 166, 167, 168, 169, 170, 171, 172, 173, 174, 175,
    176, 177, 178, 179, 180, 181, 182, 183, 184, 185, 186, 187, 188, 189, 190, 191,
    192, 193, 194, 195, 196, 197, 198, 199, 200, 201, 202, 203, 204, 205, 206, 207,
    208, 209, 210, 211, 212, 213, 214, 215, 216, 217, 218, 219, 220, 221, 222, 223,
    224, 225, 226, 227, 228, 229, 230, 231, 232, 233, 234, 235, 236, 237, 238, 239,
    240, 241, 242, 243, 244, 245, 246, 247, 248, 249, 250, 251, 252, 253, 254, 255,
  ]
}
