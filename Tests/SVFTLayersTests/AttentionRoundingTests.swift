// Attention that trains in BF16 is near the exact one, gives the same bits for any team, and is
// exact where products are.
import SVFTLayers
import SVFTTensor
import Testing

struct AttentionRoundingTests {
  /// Gradients of two sequences, one of several blocks, with their parts' lengths.
  private func results(
    rounds: Bool, causal: Bool, compute: Compute = .standard, threads: Int = 1
  ) throws -> [[Float]] {
    let contract = Contract("rounded attention", [150, 7]) {
      $0.graph.attention(
        $0.input(80), $0.input(40), $0.input(40),
        AttentionShape(
          heads: 4, keyValueHeads: 2, headWidth: 20, scale: 0.4, causal: causal, layer: 0,
          trainsInBF16: rounds))
    }
    let bench = try contract.bench(threads: threads)
    bench.batch.compute = compute
    try bench.gradients()
    return try bench.results()
  }

  @Test(arguments: [true, false]) func roundedTrainingIsNearTheExactOne(causal: Bool) throws {
    let exact = try results(rounds: false, causal: causal)
    let rounded = try results(rounds: true, causal: causal)
    let acts = Kernels.instructionSet >= .avx512bf16
    #expect((rounded != exact) == acts)
    for (a, b) in zip(rounded, exact) {
      let error = zip(a, b).reduce(0) { $0 + Double($1.0 - $1.1) * Double($1.0 - $1.1) }
      let size = b.reduce(0) { $0 + Double($1) * Double($1) }
      // Factors have 9 bits; q · k of 20 numbers up to 1 is wrong by some 2^-9.
      #expect(error.squareRoot() <= 0.02 * size.squareRoot())
    }
    #expect(try results(rounds: true, causal: causal, compute: .f32) == exact)
    for threads in [2, 3] {
      #expect(try results(rounds: true, causal: causal, threads: threads) == rounded)
    }
  }
}
