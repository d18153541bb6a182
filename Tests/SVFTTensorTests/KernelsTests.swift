// The choice of instructions: named, ordered, and lowered for one thread alone.
import SVFTTensor
import Testing

@Suite struct KernelsTests {
  @Test func theSetInUseIsTheBestOfThoseThatRun() {
    #expect(Kernels.instructionSets.first == .portable)
    #expect(Kernels.instructionSets == Kernels.instructionSets.sorted())
    let best = Kernels.instructionSet
    #expect(Kernels.instructionSets.last == (best == .avx512vnni ? .avx512bf16 : best))
  }

  @Test func spellingOutEndsWithItsBody() {
    let has = Kernels.hasBF16Instructions
    #expect(Kernels.spellingOutBF16 { !Kernels.hasBF16Instructions })
    #expect(Kernels.hasBF16Instructions == has)
  }

  @Test func aLowerSetEndsWithItsBody() {
    let x = [Float](repeating: 0.1, count: 1000)
    let best = Kernels.dot(x, x, count: 1000)
    let lowered = Kernels.with(.portable) { Kernels.dot(x, x, count: 1000) }
    #expect(abs(best - lowered) < 1e-4)
    #expect(Kernels.dot(x, x, count: 1000) == best)
  }

  @Test func scratchGrowsWithTheRow() {
    #expect(Kernels.scratchBytes(0) > 1 << 18)
    #expect(Kernels.scratchBytes(8192) >= Kernels.scratchBytes(0) + 8192 * 18)
  }
}
