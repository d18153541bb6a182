// A = P⁻¹ L U for a square matrix with cells |i − j| ≤ d alone, with partial pivoting, in float64;
// solving is in F32, sixteen right-hand sides at a time (band_f32.c).
//
//   working rows   row i holds the columns i − d … i + 2d: exchanges fill d more above the band
//   ‖A⁻¹‖_F²      about the mean of ‖A⁻¹ r‖² over sixteen r of ±1: E r rᵀ = 1, known to a tenth
//                  or two, which is enough to tell whether dividing by A is safe

/// Factors of one banded matrix, computed anew as often as it changes.
package final class BandedLU {
  package let order: Int
  /// d: cells lie no further than this from the diagonal.
  package let halfBandwidth: Int
  /// ‖A⁻¹‖_F / √order, an estimate; infinite where A is singular or holds what is no number.
  package private(set) var inverseScale = Double.infinity

  private let working: Buffer
  private let factors: Buffer
  private let pivots: Buffer
  private let probes: Buffer

  /// Throws `.memory`.
  package init(order: Int, halfBandwidth: Int) throws(SVFTError) {
    (self.order, self.halfBandwidth) = (order, min(halfBandwidth, order - 1))
    let what = "the factors of a banded matrix"
    let stride = 3 * self.halfBandwidth + 1
    working = try Buffer(of: Double.self, count: Checked.product(order, stride, what))
    factors = try Buffer(of: Float.self, count: Checked.product(order, stride, what))
    pivots = try Buffer(of: Int32.self, count: order)
    probes = try Buffer(of: Float.self, count: Checked.product(order, 2 * Self.probeCount, what))
  }

  private static let probeCount = Kernels.SparseMatrix.panel

  /// Floats of scratch that `solve` needs.
  package static func scratchCount(order: Int) -> Int {
    Kernels.SparseMatrix.panelCount(order: order)
  }

  /// Factors the matrix whose cells `add` is called with by `cells`; cells named twice add up.
  ///
  /// Allocates nothing.
  package func factor(
    _ cells: (_ add: (_ row: Int, _ column: Int, _ value: Double) -> Void) -> Void
  ) {
    let (d, stride) = (halfBandwidth, 3 * halfBandwidth + 1)
    let work = working.pointer.assumingMemoryBound(to: Double.self)
    work.update(repeating: 0, count: order * stride)
    cells { row, column, value in work[row * stride + column - row + d] += value }
    guard eliminate(work) else {
      inverseScale = .infinity
      return
    }
    inverseScale = estimate()
  }

  /// Eliminates column by column; false at a pivot that cannot be divided by.
  private func eliminate(_ work: UnsafeMutablePointer<Double>) -> Bool {
    let (n, d, stride) = (order, halfBandwidth, 3 * halfBandwidth + 1)
    let lower = factors.pointer.assumingMemoryBound(to: Float.self)
    let upper = lower + n * d
    let rows = pivots.values(Int32.self)
    func cell(_ row: Int, _ column: Int) -> Int { row * stride + column - row + d }
    for k in 0..<n {
      let (lastRow, lastColumn) = (min(n - 1, k + d), min(n - 1, k + 2 * d))
      var best = k
      for row in k...lastRow where abs(work[cell(row, k)]) > abs(work[cell(best, k)]) { best = row }
      let pivot = work[cell(best, k)]
      guard pivot.isFinite, pivot != 0 else { return false }
      rows[k] = Int32(truncatingIfNeeded: best)
      if best != k {
        for column in k...lastColumn {
          let kept = work[cell(k, column)]
          work[cell(k, column)] = work[cell(best, column)]
          work[cell(best, column)] = kept
        }
      }
      for row in k..<lastRow {
        let factor = work[cell(row + 1, k)] / pivot
        lower[k * d + row - k] = Float(factor)
        guard factor != 0, k < lastColumn else { continue }
        for column in k + 1...lastColumn {
          work[cell(row + 1, column)] -= factor * work[cell(k, column)]
        }
      }
      let place = upper + k * (2 * d + 1)
      place[0] = Float(1 / pivot)
      for column in k..<lastColumn { place[column - k + 1] = Float(work[cell(k, column + 1)]) }
    }
    return true
  }

  /// ‖A⁻¹‖_F / √order by sixteen probes.
  private func estimate() -> Double {
    let values = probes.pointer.assumingMemoryBound(to: Float.self)
    let count = Self.probeCount * order
    var random = RandomSource(seed: 0, purpose: "banded inverse")
    for index in 0..<count { values[index] = random.below(2) == 0 ? -1 : 1 }
    solve(values, tokens: Self.probeCount, scratch: values + count)
    let mean = Kernels.sumOfSquares(values, count: count) / Double(count)
    return mean.isFinite ? mean.squareRoot() : .infinity
  }

  /// x[t] := A⁻¹ x[t] for `tokens` rows of the matrix's order.
  ///
  /// `scratch` has `scratchCount` floats. Meaningless where `inverseScale` is infinite.
  package func solve(
    _ x: UnsafeMutablePointer<Float>, tokens: Int, scratch: UnsafeMutablePointer<Float>
  ) {
    let lower = factors.pointer.assumingMemoryBound(to: Float.self)
    Kernels.Band(
      order: order, half: halfBandwidth, lower: lower, upper: lower + order * halfBandwidth,
      pivots: pivots.pointer.assumingMemoryBound(to: Int32.self)
    ).solve(x, tokens: tokens, scratch: scratch)
  }
}
