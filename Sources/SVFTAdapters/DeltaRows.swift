// Rows of ΔW = c·U M Vᵀ, for merging and for dense forms. Where a module is computed from one
// factor, the other is what W makes of it, here as there:
//
//   both        U[rows] M · Vᵀ
//   right only  (W[rows] V Σ⁻¹) M · Vᵀ
//   left only   (U[rows] M Σ⁻¹ Uᵀ) · W
import SVFTLayers
import SVFTTensor

/// ΔW of one module, some rows at a time.
struct DeltaRows: ChangeRows {
  let factors: Factors
  let coefficients: Coefficients
  /// What the one factor is completed with; nil where both are used.
  let completion: Completion?

  /// W and 1/σ.
  struct Completion {
    let weight: Weight
    let inverse: Buffer
  }

  /// Bytes of scratch for `rows` rows at a time.
  func scratchBytes(rows: Int) -> Int { Places(self, rows: rows).byteCount }

  /// Where each part of the scratch lies.
  private struct Places {
    let mixed, turned, decoded, rest, byteCount: Int

    init(_ delta: DeltaRows, rows: Int) {
      let order = delta.factors.order
      func floats(_ count: Int) -> Int { (count * MemoryLayout<Float>.stride + 63) & ~63 }
      mixed = SparseProduct.memberScratch(order: order)
      turned = mixed + floats(rows * order)
      let completed = delta.completion?.weight
      decoded = turned + (completed == nil ? 0 : floats(rows * max(order, delta.factors.left.rows)))
      rest = decoded + (completed == nil ? 0 : floats(rows * delta.factors.right.columns))
      let products = [delta.factors.left, delta.factors.right, completed].compactMap { $0 }
      byteCount = rest + ((products.map(\.scratchBytes).max() ?? 0) + 63) & ~63
    }
  }

  /// target += scale·ΔW[rows], dense [rows.count, in]; rows as the slot stores them.
  func add(
    _ rows: Range<Int>, scale: Float, to target: UnsafeMutablePointer<Float>,
    scratch: UnsafeMutableRawPointer
  ) {
    let places = Places(self, rows: rows.count)
    func floats(_ place: Int) -> UnsafeMutablePointer<Float> {
      (scratch + place).assumingMemoryBound(to: Float.self)
    }
    let (mixed, turned, rest) = (floats(places.mixed), floats(places.turned), scratch + places.rest)
    let order = factors.order
    var u = factors.left.bytes.pointer.assumingMemoryBound(to: Float.self)
    u += rows.lowerBound * order
    if let completion, isTall {
      let decoded = floats(places.decoded)
      completion.weight.decode(rows: rows, into: decoded)
      factors.right.matrix.product(
        rows: 0..<order, decoded, tokens: rows.count, into: turned, ldy: order, scratch: rest)
      completion.divide(turned, rows: rows.count, order: order)
      u = turned
    }
    coefficients.product.product(
      u, into: mixed, transposed: true, scale: scale * coefficients.gateValue, accumulate: false,
      tokens: rows.count, team: .alone, scratch: scratch)
    guard let completion, !isTall else {
      return factors.right.addTransposed(
        mixed, tokens: rows.count, to: target, scratch: rest)
    }
    let left = factors.left
    completion.divide(mixed, rows: rows.count, order: order)
    left.matrix.product(
      rows: 0..<left.rows, mixed, tokens: rows.count, into: turned, ldy: left.rows, scratch: rest)
    completion.weight.addTransposed(turned, tokens: rows.count, to: target, scratch: rest)
  }

  private var isTall: Bool { factors.left.rows >= factors.right.columns }
}

extension DeltaRows.Completion {
  /// Every row of `values` [rows, order] times Σ⁻¹.
  fileprivate func divide(_ values: UnsafeMutablePointer<Float>, rows: Int, order: Int) {
    let inverse = inverse.pointer.assumingMemoryBound(to: Float.self)
    for row in 0..<rows {
      let place = values + row * order
      Kernels.multiply(place, inverse, into: place, count: order)
    }
  }
}
