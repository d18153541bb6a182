// Losses of known logits, and which rows count.
import SVFTLayers
import SVFTTensor
import Testing

struct CrossEntropyTests {
  /// Losses and gradients of rows of logits against labels.
  private func run(_ logits: [Float], _ labels: [Int32], scale: Float = 1) throws -> (
    losses: [Double], gradient: [Float]
  ) {
    let width = logits.count / labels.count
    let graph = Graph(training: true)
    let input = graph.input(width: width, differentiable: true)
    graph.crossEntropy(input)
    let program = try Program(graph, rows: labels.count, threads: 2)
    let batch = try Batch(rows: labels.count, sequences: 1)
    try batch.setRows(labels.count)
    batch.lossScale = scale
    for (row, label) in labels.enumerated() { batch.labels[row] = label }
    for (i, logit) in logits.enumerated() { program.values(input)[i] = logit }
    try program.forward(batch)
    try program.backward(batch)
    let gradient = try #require(program.gradient(input))
    return (Array(batch.losses), (0..<logits.count).map { gradient[$0] })
  }

  @Test func equalLogitsCostTheLogarithmOfTheClasses() throws {
    let (losses, gradient) = try run([5, 5, 5, 5], [2], scale: 2)
    #expect(abs(losses[0] - 1.3862943611198906) < 1e-12)
    #expect(Replay.distance(gradient, [0.5, 0.5, -1.5, 0.5]) < 1e-6)
  }

  @Test func manyClassesEqualTheDefinition() throws {
    let logits = Replay.numbers(2 * 5003, "logits").map { 10 * $0 }
    let (losses, gradient) = try run(logits, [5002, 0])
    for row in 0..<2 {
      let x = logits[row * 5003..<(row + 1) * 5003].map(Double.init)
      let total = x.reduce(0) { $0 + exponential($1) }
      let label = row == 0 ? 5002 : 0
      #expect(abs(exponential(x[label] + losses[row]) / total - 1) < 1e-6)
      for k in 0..<5003 {
        let expected = exponential(x[k]) / total - (k == label ? 1 : 0)
        #expect(abs(Double(gradient[row * 5003 + k]) - expected) < 1e-6)
      }
    }
  }

  @Test func hugeLogitsStayFinite() throws {
    let (losses, gradient) = try run([3e38, -3e38, 0], [0])
    #expect(losses[0] == 0)
    #expect(gradient == [0, 0, 0])
  }

  @Test(arguments: [-100, -1, 3, Int32.max, Int32.min] as [Int32])
  func labelsThatAreNoClassCountNothing(label: Int32) throws {
    let (losses, gradient) = try run([1, 2, 3], [label])
    #expect(losses == [0])
    #expect(gradient == [0, 0, 0])
  }

  @Test func aBrokenLogitIsSeenInTheLoss() throws {
    #expect(try run([1, .nan, 3], [0]).losses[0].isNaN)
  }
}
