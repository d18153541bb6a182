// Rotation of pairs: known angles, both orders, one table for all layers.
import SVFTLayers
import Testing

struct RotaryEmbeddingTests {
  private let quarter = RotaryEmbedding(
    inverseFrequencies: [1.5707964, 3.1415927], order: .halves)

  @Test func positionZeroChangesNothing() throws {
    let x = Replay.numbers(8, "x")
    #expect(
      try Replay.output(lengths: [1], [(8, x)]) { $0.rope($1[0], quarter, heads: 2) } == x)
  }

  @Test func aQuarterTurnExchangesThePair() throws {
    let y = try Replay.output(lengths: [2], [(4, [0, 0, 0, 0, 1, 2, 3, 4])]) {
      $0.rope($1[0], quarter, heads: 1)
    }
    #expect(Replay.distance(Array(y[4...]), [-3, -2, 1, -4]) < 1e-6)
  }

  @Test func interleavedIsTheSameInAnotherOrder() throws {
    let x = Replay.numbers(3 * 12, "x")
    let pairs = [0.3, 0.02] as [Float]
    func permuted(_ x: [Float]) -> [Float] {
      x.indices.map { i in
        let (head, within) = (i / 4 * 4, i % 4)
        return x[head + (within % 2 == 0 ? within / 2 : 2 + within / 2)]
      }
    }
    let halves = try Replay.output(lengths: [3], [(12, x)]) {
      $0.rope($1[0], RotaryEmbedding(inverseFrequencies: pairs, order: .halves), heads: 3)
    }
    let interleaved = try Replay.output(lengths: [3], [(12, permuted(x))]) {
      $0.rope($1[0], RotaryEmbedding(inverseFrequencies: pairs, order: .interleaved), heads: 3)
    }
    #expect(interleaved == permuted(halves))
  }

  @Test func theFactorScalesAndTheRestPasses() throws {
    let rotary = RotaryEmbedding(inverseFrequencies: [1], attentionFactor: 2, order: .halves)
    let y = try Replay.output(lengths: [1], [(3, [1, 2, 5])]) { $0.rope($1[0], rotary, heads: 1) }
    #expect(y == [2, 4, 5])
  }

  @Test func allLayersShareOneTable() {
    let graph = Graph(training: false)
    let x = graph.input(width: 8)
    for _ in 0..<3 { _ = graph.rope(x, quarter, heads: 2) }
    #expect(graph.ops.count == 4)
    let other = RotaryEmbedding(inverseFrequencies: [1, 2], order: .halves)
    _ = graph.rope(x, other, heads: 2)
    #expect(graph.ops.count == 6)
  }
}
