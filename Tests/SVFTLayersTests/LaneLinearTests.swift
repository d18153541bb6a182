// Products by lane: each row with its own lane's matrix, of any height and width, on any team.
import SVFTLayers
import SVFTTensor
import Testing

struct LaneLinearTests {
  private final class Nobody: SiteAdapter {
    func apply(_ site: Site, _ x: Value, _ graph: Graph) throws(SVFTError) -> Value {
      try site.base(x)
    }
  }

  private static var lanes: [Lane] { (0..<3).map { Lane(Nobody(), scale: Float($0), on: []) } }
  /// Rows of each lane: one of them beyond a block, one in two places, some without.
  private static let runs: [(lane: Int32, rows: Int)] = [(1, 70), (-1, 2), (0, 1), (1, 3), (2, 1)]

  /// A matrix of numbers that follow from its name.
  private static func weight(_ rows: Int, _ columns: Int, _ name: String) throws -> Weight {
    try Weight(
      format: ElementFormats.f32, rows: rows, columns: columns,
      bytes: Replay.floats(rows * columns, name))
  }

  /// Σ over the columns, in Double.
  private static func product(_ weight: Weight, _ x: [Double]) throws -> [Double] {
    let values = try Replay.decoded(weight)
    return (0..<weight.rows).map { row in
      x.indices.reduce(0) { $0 + Double(values[row * weight.columns + $1]) * x[$1] }
    }
  }

  /// B A x for rows of three lanes: the results, and what they should be, -7 where there is no
  /// lane.
  private func results(threads: Int) throws -> (found: [Float], expected: [Double]) {
    // Ranks of one row, of some, and of more than one chunk.
    let ranks = [1, 5, 40]
    let (inner, outer) = (
      try ranks.map { try Self.weight($0, 24, "a\($0)") },
      try ranks.map { try Self.weight(70, $0, "b\($0)") }
    )
    let graph = Graph(training: false, lanes: Self.lanes)
    let (x, rest) = (graph.input(width: 24), graph.input(width: 70))
    let output = try graph.within([0, 1, 2]) { () throws(SVFTError) in
      let narrow = try graph.linear(
        x, lanes: inner.enumerated().map { LaneMatrix(lane: $0.offset, $0.element) })
      let wide = try graph.linear(
        narrow,
        lanes: outer.enumerated().map { LaneMatrix(lane: $0.offset, $0.element, scale: 0.5) })
      return graph.add(rest, wide)
    }
    graph.output(output)
    let rows = Self.runs.reduce(0) { $0 + $1.rows }
    let batch = try Batch(rows: rows, sequences: Self.runs.count)
    for (lane, count) in Self.runs {
      try batch.append([Int32](repeating: 0, count: count), lane: lane)
    }
    batch.compute = .f32
    let program = try Program(graph, rows: rows, threads: threads)
    let numbers = Replay.numbers(rows * 24, "x")
    for (index, number) in numbers.enumerated() { program.values(x)[index] = number }
    for index in 0..<rows * 70 { program.values(rest)[index] = -7 }
    try program.forward(batch)
    var expected: [Double] = []
    for row in 0..<rows {
      let lane = Int(batch.lanes[row])
      let own = numbers[row * 24..<row * 24 + 24].map(Double.init)
      expected +=
        try lane < 0
        ? [Double](repeating: -7, count: 70)
        : Self.product(outer[lane], Self.product(inner[lane], own)).map { $0 / 2 - 7 }
    }
    return ((0..<rows * 70).map { program.values(output)[$0] }, expected)
  }

  @Test func eachRowMeetsItsOwnMatrix() throws {
    let (found, expected) = try results(threads: 2)
    let largest = expected.map(abs).max() ?? 0
    let error = zip(found, expected).map { abs(Double($0) - $1) }.max() ?? 0
    #expect(error < 1e-5 * largest)
  }

  @Test(arguments: [2, 3, 5]) func anyTeamGivesTheSameBits(threads: Int) throws {
    #expect(try results(threads: threads).found == results(threads: 1).found)
  }

  @Test func matricesThatDoNotFitAreRefused() throws {
    let graph = Graph(training: false, lanes: Self.lanes)
    let x = graph.input(width: 24)
    let wide = LaneMatrix(lane: 0, try Self.weight(2, 25, "w"))
    #expect(throws: SVFTError.self) { try graph.linear(x, lanes: [wide]) }
    let training = Graph(training: true, lanes: Self.lanes)
    let fitting = LaneMatrix(lane: 0, try Self.weight(2, 24, "w"))
    #expect(throws: SVFTError.self) {
      try training.linear(training.input(width: 24), lanes: [fitting])
    }
  }
}
