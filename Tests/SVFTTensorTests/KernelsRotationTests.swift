// Turned pairs against Double, at every number of pairs, both orders, both directions.
import Glibc
import SVFTTensor
import TestKit
import Testing

@Suite struct KernelsRotationTests {
  @Test(arguments: Kernels.instructionSets, [false, true])
  func pairsTurnAndTheRestStays(_ set: Kernels.InstructionSet, _ adjacent: Bool) {
    for pairs in 0...35 {
      var numbers = TestNumbers(seed: pairs)
      let (heads, width) = (3, 2 * pairs + pairs % 3)
      let turns = numbers.array(pairs)
      let angles = turns.map { Glibc.cosf($0) } + turns.map { Glibc.sinf($0) }
      let (x, before) = (numbers.array(heads * width), numbers.array(heads * width))
      for (sign, accumulate) in [(Float(1), false), (-1, true)] {
        var y = before
        Kernels.with(set) {
          Kernels.RowRotation(
            heads: heads, width: width, pairs: pairs, adjacent: adjacent, angles: angles,
            sign: sign
          ).turn(x, into: &y, accumulate: accumulate)
        }
        var expected = x.map(Double.init)
        for head in 0..<heads {
          for i in 0..<pairs {
            let a = head * width + (adjacent ? 2 * i : i)
            let b = adjacent ? a + 1 : a + pairs
            let (c, s) = (Double(angles[i]), Double(sign * angles[pairs + i]))
            expected[a] = Double(x[a]) * c - Double(x[b]) * s
            expected[b] = Double(x[a]) * s + Double(x[b]) * c
          }
        }
        for i in y.indices {
          let goal = expected[i] + (accumulate ? Double(before[i]) : 0)
          #expect(abs(Double(y[i]) - goal) < 1e-6)
        }
      }
    }
  }
}
