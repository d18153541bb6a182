// Losses of outputs with a target each, against torch; their gradients are under the contract.
import SVFTLayers
import Testing

struct CellLossTests {
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

  @Test func lossesAndGradientsAreTorchs() throws {
    let graph = Graph(training: true)
    let logits = graph.input(width: 3, differentiable: true)
    graph.binaryCrossEntropy(logits)
    let program = try Program(graph, rows: 3, threads: 2)
    let batch = try Batch(rows: 3, sequences: 1, targets: 3)
    try batch.setRows(3)
    let values: [Float] = [0.5, -2, 3, 1, 1, -30, 4, 4, 4]
    let targets: [Float] = [1, 0, 0, 0, 1, 1, .nan, .nan, .nan]
    for index in values.indices {
      program.values(logits)[index] = values[index]
      batch.targets[index] = targets[index]
    }
    try program.forward(batch)
    try program.backward(batch)
    // binary_cross_entropy_with_logits(…, reduction="none").mean(1), and its gradient.
    let losses = [1.2165, 10.5422, 0]
    let expected: [Float] = [-0.1258, 0.0397, 0.3175, 0.2437, -0.0896, -0.3333, 0, 0, 0]
    for row in losses.indices { #expect(abs(batch.losses[row] - losses[row]) < 1e-4) }
    let gradient = try #require(program.gradient(logits))
    for cell in expected.indices { #expect(abs(gradient[cell] - expected[cell]) < 1e-4) }
  }

  @Test func extremesStayFinite() {
    #expect(Logit.loss(1e4, 1) == 0 && Logit.loss(1e4, 0) == 1e4)
    #expect(Logit.loss(-1e4, 0) == 0 && Logit.loss(-1e4, 1) == 1e4)
    #expect(Logit.probability(-1e4) == 0 && Logit.probability(1e4) == 1)
    #expect(Logit.probability(0) == 0.5)
  }
}
