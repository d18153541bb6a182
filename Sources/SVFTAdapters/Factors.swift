// The frozen factors of one matrix: W = U diag(σ) Vᵀ, thin, n = min(out, in).
//
// They are of exactly the decoded matrix that products use. What recognises the matrix, and which
// of its directions can be told apart, is in SingularValues.swift.
//
// Training multiplies them in BF16 where it multiplies W so: together they are no finer than W, and
// a rounded direction is off by no more than 2⁻⁹ of its length. What divides by σ needs them exact
// (SingularVectors.swift).
package import SVFTLayers
package import SVFTTensor

/// The singular vectors and values of one matrix, as products use them.
package final class Factors: @unchecked Sendable {
  /// σ, and which matrix they are of.
  package let values: SingularValues
  /// U [out, n], rows as the slot stores them.
  package let left: Weight
  /// Vᵀ [n, in].
  package let right: Weight

  init(
    values: SingularValues, left: Weight, right: Weight, trainsInBF16: Bool
  ) throws(SVFTError) {
    self.values = values
    self.left = try left.training(inBF16: trainsInBF16)
    self.right = try right.training(inBF16: trainsInBF16)
  }

  /// Whether training may round them in products.
  var trainsInBF16: Bool { right.trainsInBF16 }

  /// A decomposition as solvers give it and cache files keep it: u [out, n] with canonical rows, vt
  /// [n, in].
  struct Parts {
    let u: Buffer
    let sigma: [Double]
    let vt: Buffer
    let method: String
    let accuracy: SVD.Accuracy
  }

  /// Brings the rows of a decomposition into the order of the slot.
  ///
  /// Throws `.memory`.
  convenience init(_ parts: Parts, of slot: Slot, hash: String) throws(SVFTError) {
    let (rows, columns) = (slot.weight.rows, slot.weight.columns)
    let order = parts.sigma.count
    var left = parts.u
    if slot.rowOrder != .canonical {
      left = try Buffer(of: Float.self, count: rows * order)
      for row in 0..<(MemoryLedger.isRehearsing ? 0 : rows) {
        (left.pointer + slot.stored(row) * order * 4).copyMemory(
          from: parts.u.pointer + row * order * 4, byteCount: order * 4)
      }
    }
    try self.init(
      values: SingularValues(hash: hash, method: parts.method, sigma: parts.sigma),
      left: Weight(format: ElementFormats.f32, rows: rows, columns: order, bytes: left),
      right: Weight(
        format: ElementFormats.f32, rows: order, columns: columns, bytes: parts.vt),
      trainsInBF16: slot.weight.format.toleratesBF16)
  }

  /// Number of directions.
  package var order: Int { values.order }

  /// The first `rank` directions alone, copied, so that the others can go; these factors
  /// themselves where that is all.
  ///
  /// Throws `.memory`.
  package func truncated(_ rank: Int) throws(SVFTError) -> Factors {
    guard rank < order else { return self }
    let rows = left.rows
    let kept = try Buffer(of: Float.self, count: rows * rank)
    let rest = try Buffer(of: Float.self, count: rank * right.columns)
    if !MemoryLedger.isRehearsing {
      let (from, to) = (left.bytes.values(Float.self), kept.values(Float.self))
      for row in 0..<rows {
        for j in 0..<rank { to[row * rank + j] = from[row * order + j] }
      }
      rest.pointer.copyMemory(from: right.bytes.pointer, byteCount: rest.byteCount)
    }
    return try Factors(
      values: values.prefix(rank),
      left: Weight(format: ElementFormats.f32, rows: rows, columns: rank, bytes: kept),
      right: Weight(
        format: ElementFormats.f32, rows: rank, columns: right.columns, bytes: rest),
      trainsInBF16: trainsInBF16)
  }
}

extension Slot {
  /// SHA-256 over the element type, the shape and the bytes in canonical row order.
  package func canonicalHash() -> String {
    var hash = SHA256()
    hash.update("\(weight.format.name) \(shape)\n")
    if case .canonical = rowOrder, weight.matrix.arrangement != .strips {
      hash.update(weight.bytes.bytes)
      return hash.hexadecimal
    }
    var bytes = [UInt8](repeating: 0, count: weight.matrix.rowBytes)
    bytes.withUnsafeMutableBytes { row in
      guard let place = row.baseAddress else { return }
      for index in 0..<weight.rows {
        weight.matrix.copyRow(stored(index), into: place)
        hash.update(UnsafeRawBufferPointer(row))
      }
    }
    return hash.hexadecimal
  }
}
