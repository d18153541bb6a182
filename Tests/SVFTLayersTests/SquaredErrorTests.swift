// Losses of scores; their gradient is under the contract.
import SVFTLayers
import Testing

struct SquaredErrorTests {
  @Test func squaresCountAndRowsWithoutTargetDoNot() throws {
    let graph = Graph(training: true)
    let scores = graph.input(width: 1, differentiable: true)
    graph.squaredError(scores)
    let program = try Program(graph, rows: 3, threads: 2)
    let batch = try Batch(rows: 3, sequences: 1)
    try batch.setRows(3)
    batch.lossScale = 0.5
    for (row, (score, target)) in [(1, 3), (2, .nan), (-1, -1.5)].enumerated()
      as EnumeratedSequence<[(Float, Float)]>
    {
      program.values(scores)[row] = score
      batch.targets[row] = target
    }
    try program.forward(batch)
    try program.backward(batch)
    #expect(Array(batch.losses) == [4, 0, 0.25])
    let gradient = try #require(program.gradient(scores))
    #expect((0..<3).map { gradient[$0] } == [-2, 0, 0.5])
  }
}
