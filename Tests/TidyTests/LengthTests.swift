import Testing

/// How long lines, functions and files may be.
@Suite struct LengthTests {
  private static let columnsMax = 100
  private static let functionLinesMax = 70
  private static let sourceLinesMax = 400
  private static let testLinesMax = 500

  @Test func `no line is longer than 100 columns`() {
    let scripts = Repository.texts.filter { $0.path.hasSuffix(".py") || $0.path.hasSuffix(".js") }
    for file in Repository.sources + Repository.tests + scripts {
      let places = file.places { $0.count > Self.columnsMax }
      #expect(places.isEmpty, "too long: \(places)")
    }
  }

  @Test func `no file is too long`() {
    for file in Repository.sources {
      #expect(file.lineCount <= Self.sourceLinesMax, "\(file.path): \(file.lineCount) lines")
    }
    for file in Repository.tests {
      #expect(file.lineCount <= Self.testLinesMax, "\(file.path): \(file.lineCount) lines")
    }
  }

  @Test func `no function is longer than 70 lines`() {
    for file in Repository.sources + Repository.tests {
      for function in FunctionFinder.functions(in: file) {
        #expect(
          function.lineCount <= Self.functionLinesMax,
          "\(file.path):\(function.firstLine): \(function.lineCount) lines")
      }
    }
  }

  @Test func `functions are found whatever their form`() {
    let text = """
      struct S {
        func short() { nothing() }
        func spread(
          a: Int
        ) -> Int {
          if a > 0 {
            return a
          }
          return 0
        }
        init()
        {
          nothing()
        }
      }
      protocol P {
        func required()
        func alsoRequired()
      }
      """
    let found = FunctionFinder.functions(in: SourceFile(path: "S.swift", text: text))
    #expect(found.map(\.firstLine) == [2, 3, 11])
    #expect(found.map(\.lineCount) == [1, 8, 4])
  }
}
