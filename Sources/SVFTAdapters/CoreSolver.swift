// The gradient of M in the materialised form without its dearer factor. With the core C = Σ + s·c·M
// and W' = U C Vᵀ, what a step has computed anyway gives the other side of it:
//
//   out > in   Uᵀ g = C⁻ᵀ (Vᵀ dx), dx = W'ᵀ g     n·in multiply-adds of a row for n·out
//   out < in   Vᵀ x = C⁻¹ (Uᵀ y),  y = W' x       n·out for n·in
//
// C is banded where M is, and factored anew whenever M changes. Dividing by it makes rounding of dx
// or y louder by ‖C⁻¹‖·‖C‖ (OneSidedNoise.swift); where that is too loud, as it may become while M
// grows, the factor multiplies after all.
package import SVFTTensor

/// C⁻¹ or C⁻ᵀ of one module.
package final class CoreSolver {
  /// Whether Uᵀ g is solved for; else Vᵀ x.
  package let isOfGradient: Bool
  private let lu: BandedLU
  private let sigma: [Double]
  private let pattern: SparsityPattern
  private let noiseLimit: Double
  /// Whether dividing by C is safe with the numbers M has now.
  package private(set) var isUsable = false

  /// What solving for one direction takes, in multiply-adds of a dense product: its own, by some
  /// eight, because each waits for the one before.
  static func cost(halfBandwidth: Int) -> Double { Double(8 * (3 * halfBandwidth + 1)) }

  /// Distance of the cells from the diagonal where a module can be solved for and gains by it.
  package static func halfBandwidth(
    rows: Int, columns: Int, of pattern: SparsityPattern
  ) -> Int? {
    guard pattern.order == min(rows, columns) else { return nil }
    let half = pattern.halfBandwidth
    return cost(halfBandwidth: half) < Double(abs(rows - columns)) ? half : nil
  }

  /// Of the matrix with singular values `sigma`, before M has numbers: `refresh` comes first.
  ///
  /// Throws `.memory`.
  package init(
    _ sigma: [Double], _ pattern: SparsityPattern, halfBandwidth: Int, isOfGradient: Bool,
    roundsToBF16: Bool
  ) throws(SVFTError) {
    self.isOfGradient = isOfGradient
    self.pattern = pattern
    self.sigma = sigma
    lu = try BandedLU(order: pattern.order, halfBandwidth: halfBandwidth)
    noiseLimit =
      roundsToBF16
      ? SingularSite.roundedNoiseLimit / 0x1p-8 : SingularSite.exactNoiseLimit / 0x1p-24
  }

  static func memberScratch(order: Int) -> Int {
    BandedLU.scratchCount(order: order) * MemoryLayout<Float>.stride
  }

  /// Factors C with the cells of M as they are now, times `scale`.
  package func refresh(_ cells: UnsafeMutableBufferPointer<Float>, scale: Float) {
    var square = 0.0
    lu.factor { add in
      for row in 0..<pattern.order {
        add(row, row, sigma[row])
        var diagonal = sigma[row]
        for index in pattern.starts[row]..<pattern.starts[row + 1] {
          let (column, value) = (Int(pattern.columns[index]), Double(scale * cells[index]))
          let (i, j) = isOfGradient ? (column, row) : (row, column)
          add(i, j, value)
          if column == row { diagonal += value } else { square += value * value }
        }
        square += diagonal * diagonal
      }
    }
    isUsable = (square / Double(sigma.count)).squareRoot() * lu.inverseScale <= noiseLimit
  }

  /// This member's rows of x [tokens, order], divided by C.
  func solve(
    _ x: UnsafeMutablePointer<Float>, tokens: Int, team: Team, scratch: UnsafeMutableRawPointer
  ) {
    let panel = Kernels.SparseMatrix.panel
    let panels = team.span(of: (tokens + panel - 1) / panel)
    let first = panels.lowerBound * panel
    let count = min(tokens, panels.upperBound * panel) - first
    guard count > 0 else { return }
    lu.solve(
      x + first * lu.order, tokens: count, scratch: scratch.assumingMemoryBound(to: Float.self))
  }
}
