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
}
