// What may lie in the bytes of something else, and what may not; that it changes no number is
// tried on random graphs in PlanTests.swift.
import SVFTLayers
import SVFTTensor
import Testing

struct SharingTests {
  private let line = 16 * 4 * 8

  /// Lines of 8 rows of 16 numbers that a graph takes.
  private func lines(_ training: Bool, _ record: (Graph, Value) throws -> Value) throws -> Int {
    let graph = Graph(training: training)
    let x = graph.input(width: 16, differentiable: training)
    graph.output(try record(graph, x))
    return try Plan(graph, rows: 8).byteCount / line
  }

  @Test func aSumLiesWhereItsFirstPartLay() throws {
    // x, tanh x, and the sum of the two: in the place of tanh x, as the input must stay.
    let sum = try lines(false) { $0.add($0.activation($1, .tanh), $1, scale: 0.5) }
    #expect(sum == 2)
    let late = try lines(false) { (graph, x) in
      let a = graph.activation(x, .tanh)
      return graph.add(graph.add(a, x, scale: 0.5), a)
    }
    #expect(late == 3)
  }

  @Test func aScaledPartIsNoPlaceForASum() throws {
    #expect(try lines(false) { $0.add($1, $0.activation($1, .tanh)) } == 2)
    #expect(try lines(false) { $0.add($1, $0.activation($1, .tanh), scale: 0.5) } == 3)
  }

  @Test(arguments: [1, 0.5] as [Float])
  func gradientsOfBothPartsAreThatOfTheSum(scale: Float) throws {
    let graph = Graph(training: true)
    let x = graph.input(width: 16, differentiable: true)
    let (a, b) = (graph.activation(x, .tanh), graph.activation(x, .sigmoid))
    let sum = graph.add(a, b, scale: scale)
    graph.output(graph.activation(sum, .tanh))
    let program = try Program(graph, rows: 8, threads: 1)
    #expect(program.gradient(a) == program.gradient(sum))
    #expect((program.gradient(b) == program.gradient(sum)) == (scale == 1))
  }

  /// Logits are read by the loss last, unless something else is passed back behind it.
  @Test(arguments: [true, false]) func aGradientLiesWhereTheLossWasTheLastToLook(
    others: Bool
  ) throws {
    let graph = Graph(training: true)
    let x = graph.input(width: 16, differentiable: true)
    let logits = graph.activation(x, .tanh)
    if others { graph.output(graph.activation(logits, .tanh)) }
    graph.output(logits, seeded: false)
    graph.crossEntropy(logits)
    let program = try Program(graph, rows: 8, threads: 1)
    #expect((program.gradient(logits) == program.values(logits)) != others)
  }

  /// What the caller seeds it may also read again.
  @Test func aSeededOutputKeepsItsPlace() throws {
    let graph = Graph(training: true)
    let x = graph.input(width: 16, differentiable: true)
    let logits = graph.activation(x, .tanh)
    graph.output(logits)
    graph.crossEntropy(logits)
    let program = try Program(graph, rows: 8, threads: 1)
    #expect(program.gradient(logits) != program.values(logits))
  }

  /// x + x: the second gradient is added to the first, which therefore cannot be the sum's.
  @Test func aGradientThatIsAddedToIsNotShared() throws {
    let graph = Graph(training: true)
    let x = graph.input(width: 4, differentiable: true)
    let y = graph.activation(x, .tanh)
    let z = graph.activation(graph.add(y, y), .tanh)
    graph.output(z)
    let program = try Program(graph, rows: 1, threads: 1)
    let batch = try Batch(rows: 1, sequences: 1)
    try batch.append([0])
    batch.training = true
    for i in 0..<4 { program.values(x)[i] = 0 }
    try program.forward(batch)
    for i in 0..<4 { program.gradient(z)?[i] = 1 }
    try program.backward(batch)
    #expect((0..<4).allSatisfy { program.gradient(x)?[$0] == 2 })
  }
}
