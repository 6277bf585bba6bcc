/// The grammar of RFC 8259 as a table: where each byte leads from each state.
///
/// What a table cannot know, which containers are open, is left to `JSONValidator`: it acts on the
/// stops. UTF-8 is left to it, too: bytes beyond ASCII are plain ones here.
enum JSONGrammar {
  enum State: UInt8, CaseIterable {
    // Between two tokens, white space may stand.
    case value
    /// Behind `[`: a value or the end.
    case firstElement
    /// Behind `{`: a key or the end.
    case firstKey
    case key
    case colon
    /// Behind a value: a comma or an end.
    case end

    // Within a number; what may be its last state is an end of a value, too.
    case minus
    case zero
    case integer
    case point
    case fraction
    case exponent
    case exponentSign
    case exponentDigits

    // Within a literal, named by what has been read of it.
    case t
    case tr
    case tru
    case f
    case fa
    case fal
    case fals
    case n
    case nu
    case nul

    // Within an escape, behind its backslash.
    case escape
    /// Behind `\u`, then behind each of its digits.
    case unit
    case unit1
    case unit2
    case unit3
    /// Behind `\ud`, which may become the first half of a surrogate pair, and then must.
    case unitD
    case high2
    case high3
    case high
    case lowEscape
    case low
    case lowD
    case low2
    case low3

    // The stops. In a string, where a run of plain bytes can be passed at once.
    case string
    case beginKey
    case beginString
    case endString
    case comma
    case openObject
    case openArray
    case closeObject
    case closeArray
    case broken
  }

  static let firstStop = State.string.rawValue

  /// The state that byte `b` leads to from `s`, at `s << 8 | b`. Computed once a process: whoever
  /// reads it for many bytes keeps it at hand.
  static let table: [UInt8] = {
    var rows = Rows()
    rows.addValues()
    rows.addContainers()
    rows.addNumbers()
    rows.addStrings()
    return rows.table
  }()

  /// The table while it is made; what nobody adds is broken.
  private struct Rows {
    var table = [UInt8](repeating: State.broken.rawValue, count: State.allCases.count << 8)

    mutating func add(_ states: [State], _ bytes: some Sequence<UInt8>, _ next: State) {
      for state in states {
        for byte in bytes { table[Int(state.rawValue) << 8 | Int(byte)] = next.rawValue }
      }
    }

    mutating func add(_ states: [State], _ bytes: String, _ next: State) {
      add(states, bytes.utf8, next)
    }

    mutating func addValues() {
      let begins: [State] = [.value, .firstElement]
      add(begins, "\"", .beginString)
      add(begins, "{", .openObject)
      add(begins, "[", .openArray)
      add(begins, "-", .minus)
      add(begins, "0", .zero)
      add(begins, "123456789", .integer)
      addLiteral("true", [.t, .tr, .tru], begins)
      addLiteral("false", [.f, .fa, .fal, .fals], begins)
      addLiteral("null", [.n, .nu, .nul], begins)
    }

    mutating func addLiteral(_ literal: String, _ states: [State], _ begins: [State]) {
      var before = begins
      for (byte, next) in zip(literal.utf8, states + [.end]) {
        add(before, [byte], next)
        before = [next]
      }
    }

    mutating func addContainers() {
      let space = " \t\n\r"
      for state in [State.value, .firstElement, .firstKey, .key, .colon, .end] {
        add([state], space, state)
      }
      add([.firstKey, .key], "\"", .beginKey)
      add([.colon], ":", .value)
      let ends: [State] = [.end, .zero, .integer, .fraction, .exponentDigits]
      add(ends, space, .end)
      add(ends, ",", .comma)
      add(ends + [.firstKey], "}", .closeObject)
      add(ends + [.firstElement], "]", .closeArray)
    }

    mutating func addNumbers() {
      let digits = "0123456789"
      add([.minus], "0", .zero)
      add([.minus], "123456789", .integer)
      add([.integer], digits, .integer)
      add([.zero, .integer], ".", .point)
      add([.point, .fraction], digits, .fraction)
      add([.zero, .integer, .fraction], "eE", .exponent)
      add([.exponent], "+-", .exponentSign)
      add([.exponent, .exponentSign, .exponentDigits], digits, .exponentDigits)
    }

    mutating func addStrings() {
      add([.string], 0x20...0xff, .string)
      add([.string], "\"", .endString)
      add([.string], "\\", .escape)
      add([.escape], "\"\\/bfnrt", .string)
      add([.escape], "u", .unit)
      let digits = "0123456789abcdefABCDEF"
      add([.unit], digits, .unit1)
      add([.unit], "dD", .unitD)
      add([.unit1], digits, .unit2)
      add([.unit2], digits, .unit3)
      add([.unit3], digits, .string)
      add([.unitD], "01234567", .unit2)
      add([.unitD], "89abAB", .high2)
      add([.high2], digits, .high3)
      add([.high3], digits, .high)
      add([.high], "\\", .lowEscape)
      add([.lowEscape], "u", .low)
      add([.low], "dD", .lowD)
      add([.lowD], "cdefCDEF", .low2)
      add([.low2], digits, .low3)
      add([.low3], digits, .string)
    }
  }
}
