// Banded systems against what they were made of, for every instruction set, at bands and token
// counts of every tail; the estimate of the inverse against the whole inverse.
import SVFTTensor
import TestKit
import Testing

@Suite struct BandedLUTests {
  /// A dense matrix whose cells lie within a band; `shift` on the diagonal decides how much pivots
  /// have to move.
  private func matrix(_ n: Int, _ d: Int, shift: Float, _ numbers: inout TestNumbers) -> [[Float]] {
    (0..<n).map { row in
      (0..<n).map { column in
        guard abs(row - column) <= d else { return 0 }
        return numbers.next() + (row == column ? shift : 0)
      }
    }
  }

  private func factored(_ a: [[Float]], _ d: Int) throws -> BandedLU {
    let lu = try BandedLU(order: a.count, halfBandwidth: d)
    lu.factor { add in
      for (row, values) in a.enumerated() {
        for column in max(0, row - d)...min(a.count - 1, row + d) {
          // In two parts, which add up.
          add(row, column, Double(values[column]) - 1)
          add(row, column, 1)
        }
      }
    }
    return lu
  }

  @Test(arguments: Kernels.instructionSets)
  func solvesWhatWasMultiplied(_ set: Kernels.InstructionSet) throws {
    for (n, d) in [(1, 0), (1, 4), (2, 1), (7, 2), (15, 0), (16, 3), (17, 16), (40, 5), (64, 16)] {
      for (tokens, shift) in [(1, Float(0)), (15, 6), (16, 0), (17, 0), (33, 0.5)] {
        var numbers = TestNumbers(seed: 1000 * n + tokens)
        let a = matrix(n, d, shift: shift, &numbers)
        let lu = try factored(a, d)
        let x = numbers.array(tokens * n)
        var y = (0..<tokens * n).map { place -> Float in
          let row = a[place % n]
          let first = place / n * n
          return Float((0..<n).reduce(0.0) { $0 + Double(row[$1]) * Double(x[first + $1]) })
        }
        var scratch = [Float](repeating: .nan, count: BandedLU.scratchCount(order: n))
        Kernels.with(set) { lu.solve(&y, tokens: tokens, scratch: &scratch) }
        // A system near a singular one loses as many digits as its inverse is large.
        let bound = Float(2e-6 * max(1, lu.inverseScale * Double(n)) * Double(n).squareRoot())
        for (found, expected) in zip(y, x) { #expect(abs(found - expected) < bound) }
      }
    }
  }

  @Test func theInverseIsEstimated() throws {
    for (n, d) in [(1, 0), (40, 0), (40, 3), (200, 8)] {
      var numbers = TestNumbers(seed: n + d)
      let lu = try factored(matrix(n, d, shift: 3, &numbers), d)
      var inverse = [Float](repeating: 0, count: n * n)
      for index in 0..<n { inverse[index * n + index] = 1 }
      var scratch = [Float](repeating: 0, count: BandedLU.scratchCount(order: n))
      lu.solve(&inverse, tokens: n, scratch: &scratch)
      let square = inverse.reduce(0.0) { $0 + Double($1) * Double($1) }
      let scale = (square / Double(n)).squareRoot()
      #expect(lu.inverseScale > scale / 1.5 && lu.inverseScale < scale * 1.5)
    }
  }

  @Test func whatCannotBeSolvedSaysSo() throws {
    let lu = try BandedLU(order: 5, halfBandwidth: 1)
    #expect(lu.inverseScale == .infinity)
    for bad in [0, Double.nan, .infinity] {
      lu.factor { add in for row in 0..<5 { add(row, row, row == 3 ? bad : 1) } }
      #expect(lu.inverseScale == .infinity)
    }
    lu.factor { add in for row in 0..<5 { add(row, row, row == 3 ? 1e-60 : 1) } }
    #expect(lu.inverseScale == .infinity)
    lu.factor { add in for row in 0..<5 { add(row, row, 2) } }
    #expect(abs(lu.inverseScale - 0.5) < 1e-6)
  }
}
