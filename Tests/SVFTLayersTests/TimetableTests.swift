// Recomputing activations changes no bit of a gradient, and a long chain needs the memory of its
// segments' ends and of one segment.
import SVFTLayers
import SVFTTensor
import Testing

struct TimetableTests {
  @Test(arguments: 0..<120 as Range<UInt64>)
  func recomputingChangesNoBit(seed: UInt64) throws {
    let kept = try RandomGraph(seed: seed, training: true, exposed: false).step()
    for threads in [1, 3] {
      let again = try RandomGraph(seed: seed, training: true, exposed: false, recomputes: true)
        .step(threads: threads)
      for (a, b) in zip(kept, again) { #expect(a.map(\.bitPattern) == b.map(\.bitPattern)) }
    }
  }

  /// Activations of width 16, in segments of ten.
  private func chain(_ count: Int, training: Bool, recomputes: Bool) -> Graph {
    let graph = Graph(training: training, recomputes: recomputes)
    var x = graph.input(width: 16, differentiable: training)
    for number in 0..<count {
      if number % 10 == 0 { graph.beginSegment() }
      x = graph.activation(x, .tanh)
    }
    graph.output(x)
    return graph
  }

  @Test func aChainNeedsItsEndsAndOneSegment() throws {
    let value = 8 * 16 * 4
    let kept = try Plan(chain(100, training: true, recomputes: false), rows: 8)
    #expect(kept.byteCount >= 100 * value)
    let plan = try Plan(chain(100, training: true, recomputes: true), rows: 8)
    #expect(plan.byteCount >= 20 * value && plan.byteCount <= 26 * value)
    let inference = try Plan(chain(100, training: false, recomputes: true), rows: 8)
    #expect(inference.byteCount <= 4 * value)
  }
}
