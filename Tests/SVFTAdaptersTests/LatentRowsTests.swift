// What rounded weights were: numbers that follow from a seed, or those of another file, which must
// be the ones.
import SVFTAdapters
import SVFTFormats
import SVFTLayers
import SVFTTensor
import TestKit
import Testing

@Suite struct LatentRowsTests {
  /// One seed gives the same codes on any number of threads, in any order of rows; another gives
  /// others where latents are drawn.
  @Test(arguments: ["dither", "stored"]) func codesFollowFromTheSeed(_ latents: String) throws {
    func codes(_ seed: Int, interleaved: Bool, threads: Int) throws -> String {
      let bench = try RoundingBench(Q4_0(), ["method": "svft"], interleaved: interleaved)
      bench.method.disturb(0.3)
      let awareness = try RoundingBench.awareness(latents, seed: seed)
      return try bench.rounded(awareness, threads: threads).codes()
    }
    let first = try codes(5, interleaved: false, threads: 1)
    #expect(try codes(5, interleaved: true, threads: 3) == first)
    #expect(try (codes(6, interleaved: false, threads: 1) == first) == (latents == "stored"))
  }

  @Test(arguments: RoundedWeightTests.formats)
  func anotherModelsWeightsAreRefused(_ format: any ElementFormat) throws {
    let bench = try RoundingBench(format, ["method": "lora"])
    let other = try RoundingBench(format, ["method": "lora"], seed: 2)
    let failure = #expect(throws: SVFTError.self) {
      try RoundedModules(
        bench.method, scale: 1, RoundingBench.awareness("stored"), threads: 1,
        stored: other.latents)
    }
    #expect(failure?.kind == .mismatch)
    #expect(failure?.message.contains("round to other codes") == true)
    #expect(failure?.message.contains("proj") == true)
  }

  @Test func latentsOfAnotherShapeAreRefused() throws {
    final class Wide: LatentSource {
      let slot: Slot
      init(_ slot: Slot) { self.slot = slot }
      func slot(_ name: String) throws(SVFTError) -> Slot { slot }
    }
    let bench = try RoundingBench(Q8_0(), ["method": "lora", "targets": ["q_proj"]])
    let wide = Wide(try TinyChain().wide.weight)
    let failure = #expect(throws: SVFTError.self) {
      try RoundedModules(
        bench.method, scale: 1, RoundingBench.awareness("stored"), threads: 1, stored: wide)
    }
    #expect(failure?.kind == .mismatch && failure?.message.contains("[24, 32]") == true)
  }
}
