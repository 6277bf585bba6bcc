/// What is wrong with a flag's value, in a sentence for who has typed it.
struct FlagFault: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}
