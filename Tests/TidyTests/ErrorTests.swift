import Testing

/// Every error that Penstock can answer with is provoked by a test somewhere.
@Suite struct ErrorTests {
  /// Cannot be provoked from outside: no test could tell how.
  private static let unprovoked: Set = ["internal_error"]

  @Test func `every slug stands in a test`() throws {
    let table = try #require(Repository.file("Sources/Penstock/Downstream/ErrorTable.swift"))
    let slugs = table.text.matches(of: /\d{4}, "([A-Za-z_]+)"/).map { String($0.1) }
    #expect(slugs.count > 40, "the table is not read any more: \(slugs)")
    let tests = Repository.texts.filter {
      $0.path.hasPrefix("Tests/") && !$0.path.hasPrefix("Tests/TidyTests/")
    }
    for slug in slugs where !Self.unprovoked.contains(slug) {
      let isTested = tests.contains { $0.text.contains("\"\(slug)\"") }
      #expect(isTested, "no test provokes \(slug)")
    }
  }
}
