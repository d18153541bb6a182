// One factor of a matrix, in any element format; W makes the other of it:
//
//   out ≥ in   V̂ as stored      û_i := W v̂_i / ‖W v̂_i‖
//   out < in   Û as stored      v̂_i := Wᵀ û_i / ‖Wᵀ û_i‖
//
// This is the definition of the adapter, not an approximation of it: output, gradient and merged
// matrix all use it, and the directions that W makes have length 1 whatever rounding did. But they
// are no longer W's singular ones where σ is small: rounding of v̂ has parts along large σ, and W
// enlarges those. From the first direction on that is off by more than `errorLimit` they are kept
// in F32; those that cannot be divided by their σ are left out.
import SVFTLayers
package import SVFTTensor

/// A factor and the lengths of what W makes of it.
package final class OneSidedFactors: @unchecked Sendable {
  /// Largest distance of a direction that W completes from W's own, by its length.
  static let errorLimit = 0.02
  /// σ below this part of σ₁ cannot be divided by: rounding would grow beyond the change.
  static let steadyRatio = 1e-6

  package let values: SingularValues
  let side: OneSide
  /// What `directions` are rounded to, as far as they are.
  package let format: any ElementFormat
  /// Directions that are kept in F32 because rounding would spoil them.
  package let exactCount: Int
  /// Directions without cells.
  let tied: [Bool]
  /// Products that recognise the singular vectors before rounding (FactorProbe).
  let probe: FactorProbe.Products

  /// Rounds one factor of `factors`, which are those of the slot's matrix.
  ///
  /// Throws `.memory`.
  init(_ factors: Factors, of slot: Slot, as wanted: any ElementFormat) throws(SVFTError) {
    let isRight = slot.weight.rows >= slot.weight.columns
    let width = min(slot.weight.rows, slot.weight.columns)
    let format = wanted.fitting(columns: width)
    // Blocks are those of files in canonical order.
    let rowOrder = isRight || format.blockLength == 1 ? .canonical : slot.rowOrder
    let exact = try (isRight ? factors.right : factors.turnedLeft(rowOrder))
      .training(inBF16: false)
    var completion = Completion(factors, slot.weight, isRight: isRight, rowOrder)
    let isExact = format.name == ElementFormats.f32.name
    // Memory of their own: what solvers and cache files give keeps both factors alive.
    var runs = [isExact && isRight ? try exact.copyingRows(0..<exact.rows) : exact]
    if !isExact {
      let rounded = try exact.encoded(as: format)
      try completion.measure(rounded)
      runs = try completion.runs(rounded, exact)
    }
    let inverse = try Buffer(of: Float.self, count: factors.values.order)
    completion.invert(into: inverse)
    values = factors.values
    side = OneSide(
      directions: Directions(rows: runs), inverse: inverse, isRight: isRight, rowOrder: rowOrder)
    self.format = format
    exactCount = isExact ? values.order : completion.exactCount
    tied = completion.tied
    probe = try FactorProbe(factors, of: slot).everything()
  }

  package var byteCount: Int { side.directions.byteCount }
}

/// One factor as the one-sided form uses it.
struct OneSide: Sendable {
  let directions: Directions
  /// 1/‖W v̂_i‖, or 1/‖Wᵀ û_i‖, F32; 0 where no cell may be.
  let inverse: Buffer
  /// Whether the directions are V of a matrix with out ≥ in; else U.
  let isRight: Bool
  /// What of rows of W must be turned before they meet U.
  let rowOrder: RowOrder

  /// Every row of `values` [rows, order] times the inverse lengths.
  func divide(_ values: UnsafeMutablePointer<Float>, rows: Int) {
    let (order, lengths) = (
      directions.order, inverse.pointer.assumingMemoryBound(to: Float.self)
    )
    for row in 0..<rows {
      let place = values + row * order
      Kernels.multiply(place, lengths, into: place, count: order)
    }
  }
}

extension Factors {
  /// Uᵀ [n, out], its columns brought out of `rowOrder`.
  ///
  /// Throws `.memory`.
  fileprivate func turnedLeft(_ rowOrder: RowOrder) throws(SVFTError) -> Weight {
    var turned = try left.bytes.transposed(rows: left.rows, columns: order)
    if rowOrder != .canonical, !MemoryLedger.isRehearsing {
      let moved = try Buffer(byteCount: turned.byteCount)
      rowOrder.move(
        turned.pointer.assumingMemoryBound(to: Float.self),
        into: moved.pointer.assumingMemoryBound(to: Float.self), count: order, width: left.rows,
        toStored: false)
      turned = moved
    }
    return try Weight(
      format: ElementFormats.f32, rows: order, columns: left.rows, bytes: turned)
  }
}

extension Weight {
  /// These F32 rows in another format.
  ///
  /// Throws `.memory`.
  fileprivate func encoded(as format: any ElementFormat) throws(SVFTError) -> Weight {
    let target = try Buffer(
      byteCount: Checked.product(rows, format.rowBytes(columns), "rounded directions"))
    if !MemoryLedger.isRehearsing {
      format.encode(
        bytes.pointer.assumingMemoryBound(to: Float.self), count: rows * columns,
        into: target.pointer)
    }
    return try Weight(format: format, rows: rows, columns: columns, bytes: target)
  }

  /// Some rows in memory of their own, so that the others can go.
  func copyingRows(_ range: Range<Int>) throws(SVFTError) -> Weight {
    let rowBytes = format.rowBytes(columns)
    let target = try Buffer(byteCount: Checked.product(range.count, rowBytes, "directions"))
    target.pointer.copyMemory(
      from: bytes.pointer + range.lowerBound * rowBytes, byteCount: target.byteCount)
    return try Weight(format: format, rows: range.count, columns: columns, bytes: target)
  }
}
