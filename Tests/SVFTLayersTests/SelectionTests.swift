// Rows there and gradients back, by every rule.
import SVFTLayers
import SVFTTensor
import Testing

struct SelectionTests {
  /// Three sequences of 2, 1 and 3 rows; the last row of each has a label.
  private func batch() throws -> Batch {
    let batch = try Batch(rows: 6, sequences: 3)
    for count in [2, 1, 3] { try batch.append([Int32](repeating: 0, count: count)) }
    for row in 0..<6 { batch.labels[row] = [1, 2, 5].contains(row) ? 4 : -100 }
    return batch
  }

  static let rules: [(Selection.Rule, [Range<Int>])] = [
    (.all, [0..<1, 1..<2, 2..<3, 3..<4, 4..<5, 5..<6]), (.first, [0..<1, 2..<3, 3..<4]),
    (.last, [1..<2, 2..<3, 5..<6]), (.sequence, [0..<2, 2..<3, 3..<6]),
    (.labelled, [1..<2, 2..<3, 5..<6]),
  ]

  @Test(arguments: rules)
  func everyRuleChoosesItsRows(_ rule: Selection.Rule, _ expected: [Range<Int>]) throws {
    let selection = try Selection(capacity: 6)
    try selection.choose(rule, of: batch())
    #expect((0..<selection.count).map { selection[$0] } == expected)
    #expect(Set(Self.rules.map(\.0)) == Set(Selection.Rule.allCases))
  }

  @Test(arguments: rules, [1, 2, 5])
  func theWayBackIsTheTransposed(
    _ rule: (Selection.Rule, [Range<Int>]), threads: Int
  ) throws {
    let width = 70
    let selection = try Selection(capacity: 6)
    try selection.choose(rule.0, of: batch())
    let count = selection.count
    let (hidden, input) = (Replay.numbers(6 * width, "h"), Replay.numbers(count * width, "g"))
    var gathered = [Float](repeating: .nan, count: count * width)
    var back = [Float](repeating: .nan, count: 6 * width)
    Selection.clear(&back, rows: 6, width: width, threads: threads)
    // In two parts, as a head takes them.
    for part in [0..<1, 1..<count] {
      gathered.withUnsafeMutableBufferPointer { target in
        guard let base = target.baseAddress else { return }
        selection.gather(
          part, from: hidden, width: width, into: base + part.lowerBound * width,
          threads: threads)
      }
      selection.scatter(
        part, from: Array(input[part.lowerBound * width..<part.upperBound * width]), width: width,
        into: &back, threads: threads)
    }
    for (index, rows) in rule.1.enumerated() {
      let mean = rows.reduce(Float(0)) { $0 + hidden[$1 * width + 69] } / Float(rows.count)
      #expect(abs(gathered[index * width + 69] - mean) < 1e-6)
    }
    // ⟨gather h, g⟩ = ⟨h, scatter g⟩
    let forward = zip(gathered, input).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
    let backward = zip(hidden, back).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
    #expect(abs(forward - backward) < 1e-4)
    for row in 0..<6 where !rule.1.contains(where: { $0.contains(row) }) {
      #expect(back[row * width..<(row + 1) * width].allSatisfy { $0 == 0 })
    }
  }

  @Test func aListMayNameARowTwice() throws {
    let selection = try Selection(capacity: 3)
    try selection.choose(rows: [4, 0, 4], of: 6)
    var back = [Float](repeating: 0, count: 6)
    selection.scatter(0..<3, from: [1, 2, 3], width: 1, into: &back, threads: 2)
    #expect(back == [2, 0, 0, 0, 4, 0])
  }

  @Test func rowsOutsideAndTooManyAreRefused() throws {
    let selection = try Selection(capacity: 3)
    #expect(throws: SVFTError.self) { try selection.choose(rows: [6], of: 6) }
    #expect(throws: SVFTError.self) { try selection.choose(rows: [-1], of: 6) }
    #expect(throws: SVFTError.self) { try selection.choose(.all, of: batch()) }
  }

  @Test func aSequenceWithoutRowsGivesZeros() throws {
    let batch = try Batch(rows: 2, sequences: 2)
    try batch.append([] as [Int32])
    try batch.append([1, 2] as [Int32])
    let selection = try Selection(capacity: 2)
    for rule in [Selection.Rule.first, .last, .sequence] {
      try selection.choose(rule, of: batch)
      var gathered: [Float] = [.nan, .nan]
      selection.gather(0..<2, from: [3, 3], width: 1, into: &gathered, threads: 1)
      #expect(gathered == [0, 3])
    }
  }

  /// What each blend makes of numbers of a column, in the order of the rows.
  private static func blended(_ blend: Selection.Blend, _ numbers: [Float]) -> Float {
    let sum = numbers.reduce(0, +)
    let count = Float(numbers.count)
    switch blend {
    case .mean: return sum / count
    case .rootMean: return sum / count.squareRoot()
    case .weightedMean:
      let weights = numbers.indices.map { Float($0 + 1) }
      return zip(numbers, weights).reduce(0) { $0 + $1.0 * $1.1 } / weights.reduce(0, +)
    case .largest: return numbers.max() ?? 0
    }
  }

  @Test(arguments: [1, 3])
  func piecesStandSideBySideEachBlendedItsWay(threads: Int) throws {
    let width = 37
    let hidden = Replay.numbers(6 * width, "h")
    let pieces = [Selection.Piece(.last)] + Selection.Blend.allCases.map { .init(.sequence, $0) }
    let selection = try Selection(capacity: 6, pieces: pieces.count)
    try selection.choose(pieces, of: batch())
    #expect(selection.count == 3 && selection[2] == 5..<6)
    var found = [Float](repeating: .nan, count: 3 * pieces.count * width)
    selection.gather(0..<3, from: hidden, width: width, into: &found, threads: threads)
    for (index, rows) in [0..<2, 2..<3, 3..<6].enumerated() {
      for (place, piece) in pieces.enumerated() {
        for column in 0..<width {
          let own = piece.rule == .last ? rows.suffix(1) : rows
          let expected = Self.blended(piece.blend, own.map { hidden[$0 * width + column] })
          let number = found[(index * pieces.count + place) * width + column]
          #expect(abs(number - expected) < 1e-6, "\(piece), \(index), \(column)")
        }
      }
    }
    // One rule after several is one piece again.
    try selection.choose(.sequence, of: batch())
    selection.gather(0..<3, from: hidden, width: width, into: &found, threads: threads)
    #expect(abs(found[width] - hidden[2 * width]) < 1e-6)
    #expect(throws: SVFTError.self) {
      try Selection(capacity: 6, pieces: 2).choose([.init(.first), .init(.all)], of: batch())
    }
    #expect(throws: SVFTError.self) { try Selection(capacity: 6).choose(pieces, of: batch()) }
  }

  @Test(arguments: Selection.Blend.allCases)
  func whatIsNoNumberIsSeenAndNoRowsAreZeros(_ blend: Selection.Blend) throws {
    let batch = try Batch(rows: 3, sequences: 2)
    try batch.append([] as [Int32])
    try batch.append([1, 2, 3] as [Int32])
    let selection = try Selection(capacity: 3)
    try selection.choose([.init(.sequence, blend)], of: batch)
    for place in 0..<3 {
      var hidden: [Float] = [-1, -2, -3]
      hidden[place] = .nan
      var found: [Float] = [7, 7]
      selection.gather(0..<2, from: hidden, width: 1, into: &found, threads: 1)
      #expect(found[0] == 0 && found[1].isNaN)
    }
  }
}
