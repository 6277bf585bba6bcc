/// What is wrong with a flag, or keeps a run from being carried out, in a sentence.
struct RunFault: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}
