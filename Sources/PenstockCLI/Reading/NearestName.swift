/// The known name that a misspelt one most likely means.
enum NearestName {
  /// Nil where none is near enough to be worth a suggestion: a third of its length, at least one.
  static func of(_ name: String, among known: [String]) -> String? {
    let wanted = Array(name.lowercased().replacing("-", with: "_").utf8)
    var best: (name: String, distance: Int)?
    for candidate in known {
      let distance = Self.distance(wanted, Array(candidate.utf8))
      if distance < best?.distance ?? .max { best = (candidate, distance) }
    }
    guard let best, best.distance <= max(1, best.name.utf8.count / 3) else { return nil }
    return best.name
  }

  /// Insertions, deletions, substitutions and swaps of neighbours that lead from one to the other.
  static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
    var beforeLast: [Int] = []
    var last = Array(0...right.count)
    for i in left.indices {
      var row = [i + 1]
      for j in right.indices {
        let substitution = last[j] + (left[i] == right[j] ? 0 : 1)
        var cost = min(row[j] + 1, last[j + 1] + 1, substitution)
        if i > 0, j > 0, left[i] == right[j - 1], left[i - 1] == right[j] {
          cost = min(cost, beforeLast[j - 1] + 1)
        }
        row.append(cost)
      }
      (beforeLast, last) = (last, row)
    }
    return last[right.count]
  }
}
