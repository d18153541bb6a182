// The frozen factors of one matrix: W = U diag(σ) Vᵀ, thin, n = min(out, in), and what recognises
// the matrix: the SHA-256 of its element type, shape and bytes in canonical row order, so that a
// Hugging Face folder and a GGUF file of one model at one precision agree.
//
// The factors are of exactly the decoded matrix that products use. Directions whose singular values
// are equal to 1e-9 of the largest are tied: any rotation of them is as good, so no coefficient is
// trained there.
package import SVFTLayers
package import SVFTTensor

/// The singular vectors and values of one matrix, as products use them.
package final class Factors: @unchecked Sendable {
  /// Relative distance below which neighbouring singular values count as equal.
  package static let tieGap = 1e-9

  /// Hash of the matrix they are of.
  package let hash: String
  /// How they were computed: method and version.
  package let method: String
  /// σ, descending.
  package let sigma: [Double]
  /// U [out, n], rows as the slot stores them.
  package let left: Weight
  /// Vᵀ [n, in].
  package let right: Weight

  init(hash: String, method: String, sigma: [Double], left: Weight, right: Weight) {
    self.hash = hash
    self.method = method
    self.sigma = sigma
    self.left = left
    self.right = right
  }

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
    self.init(
      hash: hash, method: parts.method, sigma: parts.sigma,
      left: try Weight(format: ElementFormats.f32, rows: rows, columns: order, bytes: left),
      right: try Weight(
        format: ElementFormats.f32, rows: order, columns: columns, bytes: parts.vt))
  }

  /// Number of directions.
  package var order: Int { sigma.count }

  /// Runs of directions whose neighbours in σ are closer than `gap` of the largest; runs of one
  /// left out.
  package func clusters(gap: Double) -> [Range<Int>] {
    var runs: [Range<Int>] = []
    let limit = gap * max(sigma.first ?? 0, .leastNormalMagnitude)
    var start = 0
    for next in 1..<max(order + 1, 2) {
      if next < order, sigma[next - 1] - sigma[next] <= limit { continue }
      if next - start > 1 { runs.append(start..<next) }
      start = next
    }
    return runs
  }

  /// Whether each direction is one of several that cannot be told apart, or belongs to no value of
  /// W (σ is 0 to 1e-9 of the largest, so that U is not determined by W).
  package func tied() -> [Bool] {
    var result = sigma.map { $0 <= Self.tieGap * (sigma.first ?? 0) }
    for run in clusters(gap: Self.tieGap) { for index in run { result[index] = true } }
    return result
  }

  /// The first `rank` directions alone; these factors themselves where that is all.
  package func truncated(_ rank: Int) throws(SVFTError) -> Factors {
    guard rank < order else { return self }
    let rows = left.rows
    let kept = try Buffer(of: Float.self, count: rows * rank)
    let (from, to) = (left.bytes.values(Float.self), kept.values(Float.self))
    for row in 0..<(MemoryLedger.isRehearsing ? 0 : rows) {
      for j in 0..<rank { to[row * rank + j] = from[row * order + j] }
    }
    return Factors(
      hash: hash, method: method, sigma: Array(sigma[..<rank]),
      left: try Weight(format: ElementFormats.f32, rows: rows, columns: rank, bytes: kept),
      right: try Weight(
        format: ElementFormats.f32, rows: rank, columns: right.columns,
        bytes: right.bytes.slice(offset: 0, byteCount: rank * right.columns * 4)))
  }
}

extension Slot {
  /// SHA-256 over the element type, the shape and the bytes in canonical row order.
  package func canonicalHash() -> String {
    var hash = SHA256()
    hash.update("\(weight.format.name) \(shape)\n")
    if case .canonical = rowOrder, weight.matrix.arrangement == .rows {
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
