// Rows of the change that leaves of W its first r directions alone, adapted:
//
//   ΔW = U_r(Σ_r + s·c·M)V_rᵀ − W
//
// Of it only M's part grows with the scale: W is cut or it is not.
import SVFTLayers
import SVFTTensor

/// The change of one module without its residual, some rows at a time.
struct TruncatedRows: ChangeRows {
  private let adapted: DeltaRows
  private let factors: Factors
  private let base: Weight

  init(_ factors: Factors, _ coefficients: Coefficients, base: Weight) {
    adapted = DeltaRows(.both(factors), coefficients)
    self.factors = factors
    self.base = base
  }

  private func stretchedBytes(_ rows: Int) -> Int {
    (rows * max(factors.order, base.columns) * MemoryLayout<Float>.stride + 63) & ~63
  }

  func scratchBytes(rows: Int) -> Int {
    max(adapted.scratchBytes(rows: rows), stretchedBytes(rows) + factors.right.scratchBytes)
  }

  func add(
    _ rows: Range<Int>, scale: Float, to target: UnsafeMutablePointer<Float>,
    scratch: UnsafeMutableRawPointer
  ) {
    adapted.add(rows, scale: scale, to: target, scratch: scratch)
    let (order, count) = (factors.order, rows.count * base.columns)
    let stretched = scratch.assumingMemoryBound(to: Float.self)
    base.decode(rows: rows, into: stretched)
    Kernels.add(stretched, times: -1, to: target, count: count)
    let u = factors.left.bytes.pointer.assumingMemoryBound(to: Float.self)
    for (index, row) in rows.enumerated() {
      for (k, sigma) in factors.values.sigma.enumerated() where k < order {
        stretched[index * order + k] = u[row * order + k] * Float(sigma)
      }
    }
    factors.right.addTransposed(
      stretched, tokens: rows.count, to: target, scratch: scratch + stretchedBytes(rows.count))
  }
}
