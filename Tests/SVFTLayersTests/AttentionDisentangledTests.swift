// Scores with relative positions against their definition in Double, over several blocks, with each
// term alone and both.
import SVFTLayers
import SVFTTensor
import Testing

struct AttentionDisentangledTests {
  private let shape = AttentionShape(
    heads: 3, keyValueHeads: 3, headWidth: 5, scale: 0.4, causal: false, layer: 0)

  static let tables: [RelativePositions] = [
    RelativePositions(span: 4), RelativePositions(span: 500),
    RelativePositions(span: 16, bucketsTo: 90),
  ]

  /// Queries, keys, values and positions of a step.
  private struct Numbers {
    let q: [Float]
    let k: [Float]
    let v: [Float]
    let keys: [Float]
    let queries: [Float]

    init(rows: Int, span: Int) {
      q = Replay.numbers(rows * 15, "q")
      k = Replay.numbers(rows * 15, "k")
      v = Replay.numbers(rows * 15, "v")
      keys = Replay.numbers(2 * span * 15, "keys")
      queries = Replay.numbers(2 * span * 15, "queries")
    }
  }

  /// The output of one sequence by definition, rows `first` ..< `first` + `count` of the step.
  private func expected(
    _ numbers: Numbers, _ positions: RelativePositions, _ terms: (keys: Bool, queries: Bool),
    first: Int, count: Int
  ) -> [Double] {
    func product(_ a: [Float], _ row: Int, _ b: [Float], _ other: Int, _ head: Int) -> Double {
      (0..<5).reduce(0.0) {
        $0 + Double(a[row * 15 + head * 5 + $1]) * Double(b[other * 15 + head * 5 + $1])
      }
    }
    var output = [Double](repeating: 0, count: count * 15)
    for head in 0..<3 {
      for i in 0..<count {
        let weights = (0..<count).map { j in
          let row = positions.row(i - j)
          var score = product(numbers.q, first + i, numbers.k, first + j, head)
          if terms.keys { score += product(numbers.q, first + i, numbers.keys, row, head) }
          if terms.queries { score += product(numbers.k, first + j, numbers.queries, row, head) }
          return exponential(0.4 * score - 20)
        }
        let total = weights.reduce(0, +)
        for (j, weight) in weights.enumerated() {
          for d in 0..<5 {
            output[i * 15 + head * 5 + d] +=
              weight / total * Double(numbers.v[(first + j) * 15 + head * 5 + d])
          }
        }
      }
    }
    return output
  }

  @Test(arguments: tables, [(true, true), (true, false), (false, true)])
  func equalsItsDefinitionInRaggedBatches(
    _ positions: RelativePositions, _ terms: (keys: Bool, queries: Bool)
  ) throws {
    let lengths = [7, 300, 1]
    let numbers = Numbers(rows: 308, span: positions.span)
    let tables = try (
      Replay.slot("keys", rows: 2 * positions.span, numbers.keys),
      Replay.slot("queries", rows: 2 * positions.span, numbers.queries)
    )
    let inputs = [numbers.q, numbers.k, numbers.v].map { (width: 15, numbers: $0) }
    let found = try Replay.output(lengths: lengths, inputs) { graph, values in
      let known = PositionTerms(
        positions, keys: terms.keys ? graph.relativeRows(of: tables.0, positions) : nil,
        queries: terms.queries ? graph.relativeRows(of: tables.1, positions) : nil)
      return graph.attention(values[0], values[1], values[2], shape, positions: known)
    }
    var first = 0
    for count in lengths {
      let expected = expected(numbers, positions, terms, first: first, count: count)
      let part = found[first * 15..<(first + count) * 15]
      let worst = zip(part, expected).reduce(0.0) { max($0, abs(Double($1.0) - $1.1)) }
      #expect(worst < 5e-6, "\(count) tokens")
      first += count
    }
  }

  @Test func adaptersOfSingleRowsAreRefused() throws {
    let positions = RelativePositions(span: 4)
    let projection = Projection(
      name: "query_proj", weight: try Replay.slot("w", rows: 2, [1, 2, 3, 4]), bias: nil)
    let graph = Graph(
      training: false, lanes: [Lane(Doubling(), scale: 1, on: [projection])])
    let rows = graph.relativeRows(
      of: try Replay.slot("e", rows: 8, Replay.numbers(16, "e")), positions)
    #expect {
      try graph.over(rows.space) { try graph.project(rows, projection) }
    } throws: {
      ($0 as? SVFTError)?.kind == .unsupported && "\($0)".contains("query_proj")
    }
  }

  private final class Doubling: SiteAdapter {
    func apply(_ site: Site, _ x: Value, _ graph: Graph) throws(SVFTError) -> Value {
      try site.base(x)
    }
  }
}
