// A change of a matrix as a product, and its best factors of lower rank.
//
//   ΔW = L C R        L [out, p], C [p, q], R [q, in]        rank at most min(p, q)
//
// At that rank and above, B A = ΔW exactly and nothing is decomposed. Below it the best B A (Eckart
// and Young) comes from the decomposition of the small C = X Σ Yᵀ, B = L X_r Σ_r, A = Y_rᵀ R, if
// the columns of L and the rows of R are orthonormal, as singular vectors are; others are made so
// first.
package import SVFTTensor

/// ΔW of one projection as a product of three matrices, canonical rows.
package struct FactoredDelta: Sendable {
  /// L [out, p].
  package let left: DeltaMatrix
  /// C [p, q].
  package let core: DeltaMatrix
  /// R [q, in].
  package let right: DeltaMatrix
  /// Whether columns of L and rows of R are orthonormal.
  package let isOrthonormal: Bool

  package init(
    left: DeltaMatrix, core: DeltaMatrix, right: DeltaMatrix, isOrthonormal: Bool
  ) throws(SVFTError) {
    try invariant(
      left.columns == core.rows && core.columns == right.rows,
      "factors of [\(left.rows), \(left.columns)], [\(core.rows), \(core.columns)] and "
        + "[\(right.rows), \(right.columns)]")
    self.left = left
    self.core = core
    self.right = right
    self.isOrthonormal = isOrthonormal
  }

  /// scale · B A with B [out, r], A [r, in].
  package init(b: DeltaMatrix, a: DeltaMatrix, scale: Float) throws(SVFTError) {
    let core = try DeltaMatrix(rows: b.columns, columns: a.rows)
    try core.withValues { (values) throws(SVFTError) in
      for k in 0..<min(b.columns, a.rows) { values[k * a.rows + k] = scale }
    }
    try self.init(left: b, core: core, right: a, isOrthonormal: false)
  }

  /// The sum of changes, each times its factor: their factors side by side.
  package static func sum(
    _ terms: [(delta: FactoredDelta, factor: Float)]
  ) throws(SVFTError) -> FactoredDelta {
    guard let first = terms.first?.delta else {
      throw SVFTError(.internal, "libsvft is at fault: a sum of no changes")
    }
    let thin = try terms.map { (term) throws(SVFTError) in
      (try term.delta.factors(rank: term.delta.rank), term.factor)
    }
    let rank = thin.reduce(0) { $0 + $1.0.a.rows }
    let b = try DeltaMatrix(rows: first.left.rows, columns: rank)
    let a = try DeltaMatrix(rows: rank, columns: first.right.columns)
    var offset = 0
    for (factors, factor) in thin {
      try b.put(factors.b, row: 0, column: offset, times: factor)
      try a.put(factors.a, row: offset, column: 0, times: 1)
      offset += factors.a.rows
    }
    return try FactoredDelta(b: b, a: a, scale: 1)
  }

  /// The rank beyond which there is nothing: known without a decomposition.
  package var rank: Int { min(core.rows, core.columns) }

  /// The same change, `factor` times as large.
  package func scaled(by factor: Float) throws(SVFTError) -> FactoredDelta {
    let core = try DeltaMatrix(rows: core.rows, columns: core.columns)
    try core.put(self.core, row: 0, column: 0, times: factor)
    return try FactoredDelta(left: left, core: core, right: right, isOrthonormal: isOrthonormal)
  }

  /// ΔW, dense [out, in].
  package func dense(threads: Int = 1) throws(SVFTError) -> DeltaMatrix {
    let exact = try factors(rank: rank)
    return try exact.b.times(exact.a, threads: threads)
  }

  /// ‖ΔW‖².
  package func energy() throws(SVFTError) -> Double {
    if isOrthonormal { return core.energy() }
    // ‖B A‖² = Σ (BᵀB) ∘ (A Aᵀ), without the dense matrix.
    let exact = try factors(rank: rank)
    let turned = try exact.b.transposed()
    let (outer, inner) = (
      try turned.times(turned, transposed: true), try exact.a.times(exact.a, transposed: true)
    )
    var sum = 0.0
    try outer.withValues { (x) throws(SVFTError) in
      try inner.withValues { (y) throws(SVFTError) in
        for index in 0..<outer.rows * outer.columns { sum += Double(x[index]) * Double(y[index]) }
      }
    }
    return sum < 0 ? 0 : sum
  }

  /// The best factors of a rank; exact from `self.rank` on, with zeros beyond it.
  package func factors(rank wanted: Int) throws(SVFTError) -> LowRankFactors {
    if wanted >= rank {
      let (b, a) =
        core.rows <= core.columns
        ? (left, try core.times(right)) : (try left.times(core), right)
      return try LowRankFactors(b: b, a: a, leftOut: 0).padded(to: wanted)
    }
    guard isOrthonormal else { return try orthonormalized().factors(rank: wanted) }
    let best = try LowRankFactors(best: wanted, of: core)
    return LowRankFactors(
      b: try left.times(best.b), a: try best.a.times(right), leftOut: best.leftOut)
  }

  /// The same product with orthonormal outer factors: what L and R have of length goes into C.
  private func orthonormalized() throws(SVFTError) -> FactoredDelta {
    let (l, r) = (try Decomposition(left), try Decomposition(right))
    let core = try l.lengthsAndTurn().times(self.core).times(r.turnAndLengths())
    return try FactoredDelta(left: l.u, core: core, right: r.vt, isOrthonormal: true)
  }
}
