// Softmax and the pieces of attention against Double, at every row length and head width.
import Glibc
import SVFTTensor
import TestKit
import Testing

@Suite struct KernelsRowsTests {
  @Test(arguments: Kernels.instructionSets)
  func softmaxAgreesWithDouble(_ set: Kernels.InstructionSet) {
    for count in Array(1...67) + [5000] {
      var numbers = TestNumbers(seed: count)
      let x = numbers.array(count).map { $0 * 20 + 300 }
      let total = x.reduce(0.0) { $0 + Glibc.exp(Double($1) - 300) }
      var p = x
      let (logarithm, alone) = Kernels.with(set) {
        (Kernels.softmax(&p, count: count), Kernels.logSumExp(x, count: count))
      }
      #expect(abs(Double(logarithm) - 300 - Glibc.log(total)) < 5e-5)
      #expect(Float(alone) == logarithm)
      #expect(abs(alone - 300 - Glibc.log(total)) < 3e-7)
      for i in 0..<count {
        #expect(abs(Double(p[i]) - Glibc.exp(Double(x[i]) - 300) / total) < 3e-7)
      }
    }
  }

  @Test(arguments: Kernels.instructionSets)
  func maskedEntriesAreZeroAndMaskedRowsToo(_ set: Kernels.InstructionSet) {
    for count in 1...40 {
      var row = [Float](repeating: -.infinity, count: count)
      #expect(Kernels.with(set) { Kernels.softmax(&row, count: count) } == -.infinity)
      #expect(row.allSatisfy { $0 == 0 })
      row = [Float](repeating: -.infinity, count: count)
      row[count / 2] = 3
      #expect(Kernels.with(set) { Kernels.softmax(&row, count: count) } == 3)
      #expect(row.enumerated().allSatisfy { $1 == ($0 == count / 2 ? 1 : 0) })
    }
  }

  @Test(arguments: Kernels.instructionSets)
  func oneNaNMakesAllNaN(_ set: Kernels.InstructionSet) {
    for count in 1...67 {
      for rest in [Float.nan, 0.5, -.infinity, .infinity] {
        for place in [0, count / 2, count - 1] {
          var row = [Float](repeating: rest, count: count)
          row[place] = .nan
          let (alone, together) = Kernels.with(set) {
            (Kernels.logSumExp(row, count: count), Kernels.softmax(&row, count: count))
          }
          #expect(alone.isNaN && together.isNaN && row.allSatisfy(\.isNaN))
        }
      }
    }
  }

  @Test(arguments: Kernels.instructionSets)
  func softmaxGradientIsTheJacobiansOfTheScores(_ set: Kernels.InstructionSet) {
    var numbers = TestNumbers(seed: 1)
    for count in 1...67 {
      let scores = numbers.array(count)
      let dp = numbers.array(count)
      var (p, dx) = (scores, dp)
      let p64 = scores.map { Glibc.exp(Double($0)) }
      let total = p64.reduce(0, +)
      let mean = zip(p64, dp).reduce(0.0) { $0 + $1.0 / total * Double($1.1) }
      Kernels.with(set) {
        Kernels.softmaxGradient(
          &p, total: Float(Glibc.log(total)), &dx, mean: Float(mean), scale: 0.5, count: count)
      }
      for i in 0..<count {
        let expected = (0..<count).reduce(0.0) {
          $0 + 0.5 * Double(dp[$1]) * p64[$1] / total * ((i == $1 ? 1 : 0) - p64[i] / total)
        }
        #expect(abs(Double(p[i]) - p64[i] / total) < 1e-6)
        #expect(abs(Double(dx[i]) - expected) < 1e-6)
      }
    }
  }

  @Test(arguments: Kernels.instructionSets)
  func attentionPiecesAgreeWithDouble(_ set: Kernels.InstructionSet) {
    for (count, width) in (0...67).map({ ($0 % 9, $0) }) + [(130, 64), (33, 128), (7, 256)] {
      var numbers = TestNumbers(seed: width)
      let stride = width + 3
      let q = numbers.array(width)
      let rows = numbers.array(count * stride)
      let weights = numbers.array(count)
      var scores = [Float](repeating: 0, count: count)
      var mixed = [Float](repeating: 1, count: width)
      Kernels.with(set) {
        Kernels.rowScores(
          q, rows, stride: stride, count: count, width: width, scale: 0.5, into: &scores)
        Kernels.rowMix(
          weights, rows, stride: stride, count: count, width: width, into: &mixed,
          accumulate: true)
      }
      for j in 0..<count {
        let score = (0..<width).reduce(0.0) {
          $0 + Double(q[$1]) * Double(rows[j * stride + $1])
        }
        #expect(abs(Double(scores[j]) - 0.5 * score) < 1e-5)
      }
      for d in 0..<width {
        let sum = (0..<count).reduce(1.0) {
          $0 + Double(weights[$1]) * Double(rows[$1 * stride + d])
        }
        #expect(abs(Double(mixed[d]) - sum) < 1e-5)
      }
    }
  }
}
