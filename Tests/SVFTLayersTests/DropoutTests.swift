// Masks: how many, which, and the same on the way back.
import SVFTLayers
import Testing

struct DropoutTests {
  /// Output of ones and the gradient of ones.
  private func run(key: UInt64, _ probability: Float = 0.3, training: Bool = true) throws -> (
    y: [Float], dx: [Float]
  ) {
    let graph = Graph(training: true)
    let x = graph.input(width: 500, differentiable: true)
    let y = graph.dropout(x, probability)
    graph.output(y)
    let program = try Program(graph, rows: 40, threads: 2)
    let batch = try Batch(rows: 40, sequences: 1)
    try batch.setRows(40)
    batch.training = training
    batch.randomKey = key
    let seed = try #require(program.gradient(y))
    for i in 0..<20_000 { (program.values(x)[i], seed[i]) = (1, 1) }
    try program.forward(batch)
    try program.backward(batch)
    let dx = try #require(program.gradient(x))
    return ((0..<20_000).map { program.values(y)[$0] }, (0..<20_000).map { dx[$0] })
  }

  @Test func theShareThatFallsIsTheProbabilityAndTheMeanStays() throws {
    let y = try run(key: 5).y
    let dropped = Double(y.count { $0 == 0 }) / 20_000
    #expect(abs(dropped - 0.3) < 0.015)  // four and a half deviations
    #expect(abs(y.reduce(0, +) / 20_000 - 1) < 0.02)
    #expect(Set(y) == [0, 1 / 0.7])
  }

  @Test func theGradientPassesTheSameMask() throws {
    let (y, dx) = try run(key: 6)
    #expect(y == dx)
  }

  @Test func theKeyDecides() throws {
    #expect(try run(key: 1).y == run(key: 1).y)
    #expect(try run(key: 1).y != run(key: 2).y)
  }

  @Test func twoOpsOfAGraphDropDifferently() throws {
    let ones = [Float](repeating: 1, count: 1000)
    let both = try Replay.output(lengths: [1], [(1000, ones)], training: true) {
      $0.add($0.dropout($1[0], 0.5), $0.dropout($1[0], 0.5))
    }
    #expect(Set(both) == [0, 2, 4])
  }

  @Test func outsideTrainingNothingFalls() throws {
    #expect(try run(key: 3, training: false).y.allSatisfy { $0 == 1 })
    let graph = Graph(training: false)
    let x = graph.input(width: 3)
    #expect(graph.dropout(x, 0.5) == x)
    #expect(graph.ops.isEmpty)
  }
}
