// Vector kernels against Double at every length from 0 to 67, on every instruction set.
import SVFTTensor
import TestKit
import Testing

@Suite struct KernelsVectorsTests {
  private static let lengths = Array(0...67) + [1000, 4099]

  @Test(arguments: Kernels.instructionSets)
  func sumsAgreeWithDouble(_ set: Kernels.InstructionSet) {
    for count in Self.lengths {
      var numbers = TestNumbers(seed: count)
      let a = numbers.array(count)
      let b = numbers.array(count)
      let tolerance = 1e-6 * (1 + Double(count).squareRoot())
      Kernels.with(set) {
        let dot = zip(a, b).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
        #expect(abs(Double(Kernels.dot(a, b, count: count)) - dot) < tolerance)
        let squares = a.reduce(0.0) { $0 + Double($1) * Double($1) }
        #expect(abs(Kernels.sumOfSquares(a, count: count) - squares) <= 1e-13 * squares)
        #expect(abs(Kernels.sum(a, count: count) - a.reduce(0.0) { $0 + Double($1) }) < 1e-11)
        #expect(Kernels.largestMagnitude(a, count: count) == a.map(abs).max() ?? 0)
      }
    }
  }

  @Test(arguments: Kernels.instructionSets)
  func oneBadValueAnywhereIsFound(_ set: Kernels.InstructionSet) {
    for bad in [Float.nan, .infinity, -.infinity] {
      for place in 0..<67 {
        var x = [Float](repeating: .greatestFiniteMagnitude, count: 67)
        Kernels.with(set) {
          #expect(Kernels.allFinite(x, count: 67))
          x[place] = bad
          #expect(!Kernels.allFinite(x, count: 67))
          #expect(Kernels.allFinite(x, count: place))
        }
      }
    }
  }

  @Test(arguments: Kernels.instructionSets)
  func elementwiseArithmeticTouchesWhatItShould(_ set: Kernels.InstructionSet) {
    for count in Self.lengths {
      var numbers = TestNumbers(seed: count)
      let a = numbers.array(count + 1)
      let b = numbers.array(count + 1)
      func check(_ expected: (Float, Float) -> Float, _ run: (inout [Float]) -> Void) {
        var y = b
        run(&y)
        for i in 0..<count { #expect(abs(y[i] - expected(a[i], b[i])) < 3e-7) }
        #expect(y[count] == b[count])
      }
      Kernels.with(set) {
        check({ $0 + $1 }) { Kernels.add(a, to: &$0, count: count) }
        check({ $0 + $1 }) { Kernels.add(a, b, into: &$0, count: count) }
        check({ $0 * 0.3 + $1 }) { Kernels.add(a, times: 0.3, to: &$0, count: count) }
        check({ a, _ in a * 0.3 }) { Kernels.scale(a, by: 0.3, into: &$0, count: count) }
        check({ $0 * $1 }) { Kernels.multiply(a, b, into: &$0, count: count) }
        check({ $0 * $1 + $1 }) { Kernels.multiplyAdd(a, b, to: &$0, count: count) }
      }
    }
  }
}
