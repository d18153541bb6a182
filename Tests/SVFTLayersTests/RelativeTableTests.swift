// The part of a table that a step reaches, and modules that it passes through.
import SVFTLayers
import SVFTTensor
import Testing

struct RelativeTableTests {
  /// What `record` makes of the table's rows for a step of these lengths, planned for 8 rows.
  private func rows(_ lengths: [Int], _ record: (Graph, Value) throws -> Value = { $1 })
    throws -> [Float]
  {
    let positions = RelativePositions(span: 4)
    let slot = try Replay.slot("e", rows: 8, [0, 1, 2, 3, 4, 5, 6, 7])
    let graph = Graph(training: false)
    let rows = try record(graph, graph.relativeRows(of: slot, positions))
    graph.output(rows)
    let program = try Program(graph, rows: 8, threads: 2)
    let batch = try Batch(rows: 8, sequences: 4)
    for length in lengths { try batch.append([Int32](repeating: 0, count: length)) }
    try program.forward(batch)
    return (0..<positions.rows(in: batch).count).map { program.values(rows)[$0] }
  }

  @Test func onlyRowsThatAreReachedAreThere() throws {
    #expect(try rows([1, 1]) == [4])
    #expect(try rows([3, 2]) == [2, 3, 4, 5, 6])
    #expect(try rows([8]) == [0, 1, 2, 3, 4, 5, 6, 7])
  }

  @Test func modulesSeeTheSameRows() throws {
    let twice = try Replay.slot("w", rows: 1, [2])
    let found = try rows([3]) { graph, rows in
      try graph.over(rows.space) { try graph.linear(rows, twice, bias: nil) }
    }
    #expect(found == [4, 6, 8, 10, 12])
  }
}
