/// Says of a text that comes in pieces, cut anywhere, whether it is JSON: exactly what
/// `JSONScanner.validate` says of the whole.
///
/// It keeps a state, the kinds of the open containers, a bit each, and nothing of the text.
public struct JSONValidator: Sendable {
  private typealias State = JSONGrammar.State

  private let depthMax: Int
  private var state = State.value
  /// Where the string in hand leads: to the colon behind a key, or to a value's end.
  private var afterString = State.end
  private var nesting = JSONNesting()
  private var characters = UTF8Validator()

  /// A container `depthMax + 1` deep is a fault.
  public init(depthMax: Int) { self.depthMax = depthMax }

  /// True exactly when what has come is one JSON text. A number at its end may still go on.
  public var isWhole: Bool {
    switch state {
    case .end, .zero, .integer, .fraction, .exponentDigits: nesting.depth == 0
    default: false
    }
  }

  /// Takes the next piece; false, and from then on for good, where no JSON text begins so.
  public mutating func process(_ text: Span<UInt8>) -> Bool {
    // Bytes beyond ASCII pass in strings only, which end in ASCII: so this is said once for all.
    if !characters.process(text) { state = .broken }
    let table = JSONGrammar.table
    var index = 0
    while index < text.count, state != .broken {
      if state == .string {
        index = JSONWord.plainEnd(of: text, from: index)
        if index == text.count { break }
      }
      var next = state.rawValue
      repeat {
        next = table[Int(next) << 8 | Int(text[index])]
        index &+= 1
      } while next < JSONGrammar.firstStop && index < text.count
      state = state(at: next)
    }
    return state != .broken
  }

  /// What a stop leads to.
  private mutating func state(at stop: UInt8) -> State {
    guard let state = State(rawValue: stop) else { return .broken }
    switch state {
    case .beginKey:
      afterString = .colon
      return .string
    case .beginString:
      afterString = .end
      return .string
    case .endString: return afterString
    case .comma:
      if nesting.depth == 0 { return .broken }
      return nesting.isInObject ? .key : .value
    case .openObject, .openArray:
      if nesting.depth >= depthMax { return .broken }
      nesting.open(isObject: state == .openObject)
      return state == .openObject ? .firstKey : .firstElement
    case .closeObject, .closeArray:
      if nesting.depth == 0 || nesting.isInObject != (state == .closeObject) { return .broken }
      nesting.close()
      return .end
    default: return state
    }
  }
}
