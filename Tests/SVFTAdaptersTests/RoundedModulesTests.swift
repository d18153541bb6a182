// An adapter over rounded weights: the change held on average, gradients as if nothing were
// rounded, and what it cannot stand on.
import SVFTAdapters
import SVFTFormats
import SVFTLayers
import SVFTTensor
import TestKit
import Testing

@Suite struct RoundedModulesTests {
  /// ⟨Q − W_q, ΔW⟩ / ‖ΔW‖² over all modules.
  private func transmitted(
    _ method: any AdapterMethod, _ rounded: RoundedModules
  ) throws -> Double {
    var (held, energy) = (0.0, 0.0)
    for projection in method.projections {
      guard let weight = rounded.matrix(projection)?.weight else { continue }
      let count = weight.rows * weight.columns
      var change = [Float](repeating: 0, count: count)
      try method.addDelta(projection, rows: 0..<weight.rows, scale: 1, to: &change)
      var (before, after) = (change, change)
      projection.weight.weight.decode(rows: 0..<weight.rows, into: &before)
      weight.decode(rows: 0..<weight.rows, into: &after)
      for index in 0..<count {
        held += Double(after[index] - before[index]) * Double(change[index])
        energy += Double(change[index]) * Double(change[index])
      }
    }
    return held / energy
  }

  /// A change far smaller than a step of the grid: rounding W + ΔW loses it.
  @Test(arguments: ["Q8_0", "Q4_0"], ["dither", "stored"])
  func aSmallChangeIsHeldOnAverage(_ name: String, _ latents: String) throws {
    var (aware, naive) = (0.0, 0.0)
    let seeds = 48
    for seed in 0..<seeds {
      let bench = try RoundingBench(
        ElementFormats.required(name), ["method": "svft", "pattern": "banded", "d": 4],
        seed: UInt64(seed))
      bench.method.disturb(name == "Q8_0" ? 5e-4 : 8e-3)
      let awareness = try RoundingBench.awareness(latents, seed: seed)
      aware += try transmitted(bench.method, bench.rounded(awareness))
      naive += try transmitted(bench.method, .naive(bench.method, scale: 1, threads: 1))
    }
    #expect(abs(aware / Double(seeds) - 1) < 0.1)
    #expect(naive / Double(seeds) < 0.1)
  }

  /// F16 rounds so little that the model is all but the unrounded one, and so must gradients be.
  @Test(
    arguments: TinyOptions.svft + [
      ["method": "lora", "r": 3], ["method": "lora", "bias": "all"],
    ])
  func gradientsPassTheRounding(_ options: JSON) throws {
    func results(rounds: Bool) throws -> [[Float]] {
      let bench = try RoundingBench(ElementFormats.f16, options)
      let method = bench.method
      method.disturb()
      let scale: Float = AdapterSet.isScalable(method) ? 0.5 : 1
      let rounded =
        rounds ? try bench.rounded(RoundingBench.awareness("dither"), scale: scale) : nil
      try AdapterSet.attach(method, scale: scale, rounded: rounded)
      let session = try bench.model.session(training: true)
      for parameter in method.allParameters { parameter.gradients.update(repeating: 0) }
      let input = try session.gradients()
      return [
        try session.outputs(), input, method.allParameters.flatMap { Array($0.gradients) },
      ]
    }
    let (exact, rounded) = (try results(rounds: false), try results(rounds: true))
    #expect(exact[0] != rounded[0])
    for (a, b) in zip(exact, rounded) { #expect(shareOfDifference(a, b) < 1e-5) }
  }

  /// After a step of the optimiser the matrices are those of a fresh start from there.
  @Test func refreshingFollowsTheParameters() throws {
    let bench = try RoundingBench(Q4_0(), ["method": "svft", "pattern": "banded", "d": 2])
    let rounded = try bench.rounded(RoundingBench.awareness("stored"))
    let before = try rounded.codes()
    bench.method.disturb(0.3)
    #expect(try rounded.codes() == before)
    try rounded.refresh()
    let after = try rounded.codes()
    #expect(after != before)
    #expect(try bench.rounded(RoundingBench.awareness("stored")).codes() == after)
  }

  @Test func weightsThatAreNotRoundedAreRefused() throws {
    let bench = try RoundingBench(ElementFormats.f32, ["method": "lora"])
    let failure = #expect(throws: SVFTError.self) {
      try bench.rounded(RoundingBench.awareness("dither"))
    }
    #expect(failure?.kind == .invalidArgument && failure?.message.contains("F32") == true)
  }

  @Test func weightsThatAreCutAreRefused() throws {
    let options: JSON = [
      "method": "svft", "pattern": "banded", "d": 1, "rank": 5, "residual": false,
    ]
    let bench = try RoundingBench(Q4_0(), options)
    let failure = #expect(throws: SVFTError.self) {
      try bench.rounded(RoundingBench.awareness("dither"))
    }
    #expect(failure?.kind == .unsupported)
    #expect(failure?.message.contains("cuts W to its first directions") == true)
  }

  /// Nothing may lie beneath a rounded matrix; others may stand on it.
  @Test func aRoundedAdapterIsTheLowest() throws {
    let bench = try RoundingBench(Q4_0(), ["method": "lora", "targets": ["q_proj"]])
    let rounded = try bench.rounded(RoundingBench.awareness("dither"))
    let other = try bench.model.method(["method": "svft"])
    try AdapterSet.attach(other)
    let failure = #expect(throws: SVFTError.self) {
      try AdapterSet.attach(bench.method, rounded: rounded)
    }
    #expect(failure?.kind == .state)
    AdapterSet.detach(other)
    try AdapterSet.attach(bench.method, rounded: rounded)
    #expect(throws: SVFTError.self) { try AdapterSet.attach(other, before: [bench.method]) }
    #expect(bench.model.square.attachments.count == 1)
    try AdapterSet.attach(other)
    #expect(bench.model.square.attachments.map { $0.rounded != nil } == [true, false])
  }
}
