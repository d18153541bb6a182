// Rows of the change ΔW that a method makes to one matrix: for merging, for rounding, for dense
// forms. Nothing is allocated while they are made, because some of these are made after every step
// of an optimiser.
package import SVFTLayers
package import SVFTTensor

/// ΔW of one projection, some rows at a time, as the slot stores them.
package protocol ChangeRows {
  /// Bytes of scratch for `rows` rows at a time.
  func scratchBytes(rows: Int) -> Int
  /// target += scale·ΔW[rows], dense [rows.count, in].
  func add(
    _ rows: Range<Int>, scale: Float, to target: UnsafeMutablePointer<Float>,
    scratch: UnsafeMutableRawPointer)
}

extension AdapterMethod {
  /// Adds scale · ΔW of a projection's stored rows to `target`, dense [rows.count, columns].
  ///
  /// Throws `.memory`.
  package func addDelta(
    _ projection: Projection, rows: Range<Int>, scale: Float,
    to target: UnsafeMutablePointer<Float>
  ) throws(SVFTError) {
    guard !rows.isEmpty, let change = try changeRows(projection) else { return }
    let scratch = try Buffer(byteCount: change.scratchBytes(rows: rows.count))
    defer { withExtendedLifetime(scratch) {} }
    change.add(rows, scale: scale, to: target, scratch: scratch.pointer)
  }

  /// ΔW of a projection in any order of rows, for `threads`; nil where there is none.
  ///
  /// Throws `.memory`.
  package func change(
    of projection: Projection, threads: Int
  ) throws(SVFTError) -> ScatteredChange? {
    guard let change = try changeRows(projection) else { return nil }
    return try ScatteredChange(change, columns: projection.columns, threads: threads)
  }
}

/// c·B A with B [out, r] and A [r, in].
struct LowRankRows: ChangeRows {
  let a: Weight
  let b: Parameter
  let scale: Float

  private func scaledBytes(_ rows: Int) -> Int {
    (rows * a.rows * MemoryLayout<Float>.stride + 63) & ~63
  }

  func scratchBytes(rows: Int) -> Int { scaledBytes(rows) + a.scratchBytes }

  func add(
    _ rows: Range<Int>, scale: Float, to target: UnsafeMutablePointer<Float>,
    scratch: UnsafeMutableRawPointer
  ) {
    let scaled = scratch.assumingMemoryBound(to: Float.self)
    for index in 0..<rows.count * a.rows {
      scaled[index] = scale * self.scale * b.values[rows.lowerBound * a.rows + index]
    }
    a.addTransposed(
      scaled, tokens: rows.count, to: target, scratch: scratch + scaledBytes(rows.count))
  }
}
