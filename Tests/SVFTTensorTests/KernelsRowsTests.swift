// Softmax, whole and in parts, and its backward against Double at every row length.
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
  func aSoftmaxInPartsIsTheWhole(_ set: Kernels.InstructionSet) {
    for count in Array(1...67) + [5000] {
      var numbers = TestNumbers(seed: count)
      let x = numbers.array(count).map { $0 * 20 + 300 }
      var whole = x
      let logarithm = Kernels.softmax(&whole, count: count)
      var (parts, kept): ([Float], [Float]) = ([], [])
      var figures: [Float] = [-.infinity, 0]
      for first in stride(from: 0, to: count, by: 19) {
        var part = Array(x[first..<min(count, first + 19)])
        let factor = figures.withUnsafeMutableBufferPointer { figures in
          Kernels.with(set) {
            part.withUnsafeMutableBufferPointer { part in
              figures.baseAddress.flatMap { figure in
                part.baseAddress.map {
                  Kernels.softmaxPart($0, count: part.count, largest: figure, sum: figure + 1)
                }
              }
            }
          }
        }
        kept = kept.map { $0 * (factor ?? .nan) } + part.map { _ in 1 }
        parts += part
      }
      #expect(figures[0] == x.max())
      #expect(abs(figures[0] + Glibc.logf(figures[1]) - logarithm) < 1e-4)
      for i in 0..<count { #expect(abs(parts[i] * kept[i] / figures[1] - whole[i]) < 5e-7) }
    }
  }

  @Test(arguments: Kernels.instructionSets)
  func partsThatAreMaskedThroughoutCountNothing(_ set: Kernels.InstructionSet) {
    var figures: [Float] = [-.infinity, 0]
    var part = [Float](repeating: -.infinity, count: 20)
    func add() -> Float {
      figures.withUnsafeMutableBufferPointer { figures in
        guard let figure = figures.baseAddress else { return .nan }
        return Kernels.with(set) {
          Kernels.softmaxPart(&part, count: 20, largest: figure, sum: figure + 1)
        }
      }
    }
    #expect(add() == 1 && figures == [-.infinity, 0] && part.allSatisfy { $0 == 0 })
    part = [Float](repeating: 3, count: 20)
    #expect(add() == 0 && figures == [3, 20] && part.allSatisfy { $0 == 1 })
    part = [Float](repeating: -.infinity, count: 20)
    #expect(add() == 1 && figures == [3, 20] && part.allSatisfy { $0 == 0 })
  }

  @Test(arguments: Kernels.instructionSets)
  func oneNaNInAPartSpoilsTheSum(_ set: Kernels.InstructionSet) {
    for rest: Float in [.nan, 0.5, -.infinity] {
      for before: Float in [-.infinity, 2] {
        var figures: [Float] = [before, before == 2 ? 1 : 0]
        var part = [Float](repeating: rest, count: 20)
        part[7] = .nan
        _ = figures.withUnsafeMutableBufferPointer { figures in
          figures.baseAddress.map { figure in
            Kernels.with(set) {
              Kernels.softmaxPart(&part, count: 20, largest: figure, sum: figure + 1)
            }
          }
        }
        #expect(figures[1].isNaN && part[7].isNaN)
      }
    }
  }
}
