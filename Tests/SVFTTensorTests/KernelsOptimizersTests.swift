// Optimiser updates against their formulas in Double, over several steps and at every tail.
import Glibc
import SVFTTensor
import TestKit
import Testing

@Suite struct KernelsOptimizersTests {
  @Test(arguments: Kernels.instructionSets)
  func adamWFollowsItsFormula(_ set: Kernels.InstructionSet) {
    for count in [0, 1, 15, 16, 17, 33, 67] {
      var numbers = TestNumbers(seed: count)
      var x = numbers.array(count + 1)
      var m = [Float](repeating: 0, count: count + 1)
      var v = m
      let last = x[count]
      var expected = x.map { Double($0) }
      var first = [Double](repeating: 0, count: count)
      var second = first
      for t in 1...5 {
        let g = numbers.array(count + 1)
        let c1 = 1 - pow(0.9, Double(t))
        let c2 = 1 - pow(0.999, Double(t))
        let step = AdamWStep(
          rate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, decay: 0.1, correction1: c1,
          correction2: c2)
        Kernels.with(set) { Kernels.adamW(step, &x, gradient: g, &m, &v, count: count) }
        for i in 0..<count {
          first[i] = 0.9 * first[i] + 0.1 * Double(g[i])
          second[i] = 0.999 * second[i] + 0.001 * Double(g[i]) * Double(g[i])
          let move = first[i] / c1 / ((second[i] / c2).squareRoot() + 1e-8)
          expected[i] -= 0.01 * (move + 0.1 * expected[i])
        }
      }
      for i in 0..<count { #expect(abs(Double(x[i]) - expected[i]) < 2e-6) }
      #expect(x[count] == last && m[count] == 0)
    }
  }

  @Test(arguments: Kernels.instructionSets)
  func descentFollowsItsFormulaWithAndWithoutMomentum(_ set: Kernels.InstructionSet) {
    let count = 37
    for momentum in [Float(0), 0.9] {
      var numbers = TestNumbers(seed: 2)
      var x = numbers.array(count)
      var m = [Float](repeating: 0, count: count)
      var expected = x.map { Double($0) }
      var memory = [Double](repeating: 0, count: count)
      for _ in 0..<4 {
        let g = numbers.array(count)
        m.withUnsafeMutableBufferPointer { m in
          Kernels.with(set) {
            Kernels.sgd(
              rate: 0.1, momentum: momentum, decay: 0.01, &x, gradient: g,
              momentum > 0 ? m.baseAddress : nil, count: count)
          }
        }
        for i in 0..<count {
          memory[i] = Double(momentum) * memory[i] + Double(g[i]) + 0.01 * expected[i]
          expected[i] -= 0.1 * memory[i]
        }
      }
      for i in 0..<count { #expect(abs(Double(x[i]) - expected[i]) < 2e-6) }
    }
  }
}
