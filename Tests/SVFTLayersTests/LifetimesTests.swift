// A value that is needed by two segments stays between them; one that is recomputed lends its bytes
// to others meanwhile.
import SVFTLayers
import SVFTTensor
import Testing

struct LifetimesTests {
  /// Four segments that all read one early value beside the last one's result, as layers read a
  /// table of angles.
  private func graph(recomputes: Bool) -> (graph: Graph, input: Value, output: Value) {
    let graph = Graph(training: true, recomputes: recomputes)
    let input = graph.input(width: 24, differentiable: true)
    let early = graph.activation(input, .sigmoid)
    var x = input
    for _ in 0..<4 {
      graph.beginSegment()
      for function in [ActivationFunction.tanh, .silu, .gelu] {
        x = graph.gated(graph.activation(x, function), early, .tanh)
      }
    }
    graph.output(x)
    return (graph, input, x)
  }

  private func gradient(recomputes: Bool) throws -> ([UInt32], bytes: Int) {
    let (graph, input, output) = graph(recomputes: recomputes)
    let program = try Program(graph, rows: 5, threads: 2)
    let batch = try Batch(rows: 5, sequences: 1)
    try batch.append([Int32](repeating: 0, count: 5))
    batch.training = true
    for i in 0..<120 { program.values(input)[i] = Float(i % 11) / 4 - 1 }
    try program.forward(batch)
    let seed = try #require(program.gradient(output))
    for i in 0..<120 { seed[i] = Float(i % 5) - 2 }
    try program.backward(batch)
    let dx = try #require(program.gradient(input))
    return ((0..<120).map { dx[$0].bitPattern }, program.plan.byteCount)
  }

  @Test func whatSeveralSegmentsReadStays() throws {
    let (kept, again) = (try gradient(recomputes: false), try gradient(recomputes: true))
    #expect(kept.0 == again.0)
    #expect(kept.0.contains { $0 != 0 })
    #expect(again.bytes < kept.bytes * 2 / 3)
  }
}
