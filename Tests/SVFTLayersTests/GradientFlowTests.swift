// Gradients exist only between something trainable and an output.
import SVFTLayers
import SVFTTensor
import Testing

struct GradientFlowTests {
  @Test func nothingFlowsUpstreamOfTheFirstTrainedThing() throws {
    let graph = Graph(training: true)
    let x = graph.input(width: 4)
    let frozen = graph.activation(x, .tanh)
    let trained = try graph.linear(frozen, trained: Parameter("w", rows: 4, columns: 4))
    let y = graph.activation(trained, .tanh)
    graph.output(y)
    let program = try Program(graph, rows: 2, threads: 1)
    #expect(program.gradient(x) == nil)
    #expect(program.gradient(frozen) == nil)
    #expect(program.gradient(trained) != nil)
    #expect(program.gradient(y) != nil)
  }

  @Test func nothingFlowsIntoDeadEndsOrWithoutTraining() throws {
    let graph = Graph(training: true)
    let x = graph.input(width: 4, differentiable: true)
    let dead = graph.activation(x, .silu)
    graph.output(graph.activation(x, .tanh))
    #expect(try Program(graph, rows: 2, threads: 1).gradient(dead) == nil)

    let inference = Graph(training: false)
    let z = inference.input(width: 4, differentiable: true)
    inference.output(inference.activation(z, .tanh))
    #expect(try Program(inference, rows: 2, threads: 1).gradient(z) == nil)
  }

  @Test func aLossNeedsNoOutput() throws {
    let graph = Graph(training: true)
    let x = graph.input(width: 4, differentiable: true)
    graph.crossEntropy(x)
    #expect(try Program(graph, rows: 2, threads: 1).gradient(x) != nil)
  }

  /// What the caller does not fill is begun by the loss, whatever lay there: not even the output
  /// itself does any more.
  @Test func anOutputThatNobodySeedsIsBegunByTheLoss() throws {
    func gradient(seeded: Bool, first: Float) throws -> [Float] {
      let graph = Graph(training: true)
      let x = graph.input(width: 4, differentiable: true)
      let y = graph.activation(x, .tanh)
      graph.output(y, seeded: seeded)
      graph.crossEntropy(y)
      let batch = try Batch(rows: 3, sequences: 1)
      try batch.setRows(3)
      for row in 0..<3 { batch.labels[row] = Int32(row) - (row == 2 ? 102 : 0) }
      let program = try Program(graph, rows: 3, threads: 2)
      for (i, number) in Replay.numbers(12, "x").enumerated() { program.values(x)[i] = number }
      let g = try #require(program.gradient(y))
      if !seeded { g.update(repeating: first, count: 12) }
      try program.forward(batch)
      if seeded { g.update(repeating: first, count: 12) }
      try program.backward(batch)
      let dx = try #require(program.gradient(x))
      return (0..<12).map { dx[$0] }
    }
    let seeded = try gradient(seeded: true, first: 0)
    #expect(try gradient(seeded: false, first: .nan) == seeded)
    #expect(try gradient(seeded: true, first: 1) != seeded)
    #expect(seeded.contains { $0 != 0 } && seeded[8...].allSatisfy { $0 == 0 })
  }
}
