// Two thin matrices in place of a change, ΔW ≈ B A, and the decomposition they are cut from: no
// other product of that rank is nearer (Eckart and Young); what it lacks is known, Σ_{k>r} σ_k².
package import SVFTTensor

/// B [out, r] and A [r, in] whose product is, or comes near to, a change.
package struct LowRankFactors: Sendable {
  package let b: DeltaMatrix
  package let a: DeltaMatrix
  /// The share of ‖ΔW‖² that B A lacks.
  package let leftOut: Double

  init(b: DeltaMatrix, a: DeltaMatrix, leftOut: Double) {
    self.b = b
    self.a = a
    self.leftOut = leftOut
  }

  /// The best factors of a dense matrix, B = U_r Σ_r and A = V_rᵀ; of its own rank at most.
  ///
  /// Throws `.memory`, `.nonFinite`.
  package init(best rank: Int, of matrix: DeltaMatrix) throws(SVFTError) {
    let parts = try Decomposition(matrix)
    let kept = min(rank, parts.sigma.count)
    let (b, a) = (
      try DeltaMatrix(rows: matrix.rows, columns: kept),
      try DeltaMatrix(rows: kept, columns: matrix.columns)
    )
    try b.withValues { (to) throws(SVFTError) in
      try parts.u.withValues { (from) throws(SVFTError) in
        for row in 0..<matrix.rows {
          for k in 0..<kept {
            to[row * kept + k] = from[row * parts.u.columns + k] * Float(parts.sigma[k])
          }
        }
      }
    }
    try a.withValues { (to) throws(SVFTError) in
      try parts.vt.withValues { (from) throws(SVFTError) in
        to.update(from: from, count: kept * matrix.columns)
      }
    }
    let squares = parts.sigma.map { $0 * $0 }
    let total = squares.reduce(0, +)
    let lost = squares.dropFirst(kept).reduce(0, +)
    self.init(b: b, a: a, leftOut: total > 0 ? lost / total : 0)
  }

  /// The same product with zeros up to a rank.
  func padded(to rank: Int) throws(SVFTError) -> LowRankFactors {
    guard rank > a.rows else { return self }
    let (wideB, wideA) = (
      try DeltaMatrix(rows: b.rows, columns: rank), try DeltaMatrix(rows: rank, columns: a.columns)
    )
    try wideB.put(b, row: 0, column: 0, times: 1)
    try wideA.put(a, row: 0, column: 0, times: 1)
    return LowRankFactors(b: wideB, a: wideA, leftOut: leftOut)
  }
}

/// U diag(σ) Vᵀ of a matrix, the columns of U as dense as the others; empty matrices are legal.
struct Decomposition {
  let u: DeltaMatrix
  let sigma: [Double]
  let vt: DeltaMatrix

  init(_ matrix: DeltaMatrix) throws(SVFTError) {
    let (rows, columns) = (matrix.rows, matrix.columns)
    guard rows > 0, columns > 0 else {
      (u, sigma) = (try DeltaMatrix(rows: rows, columns: 0), [])
      vt = try DeltaMatrix(rows: 0, columns: columns)
      return
    }
    let svd = try matrix.withValues { (values) throws(SVFTError) in
      try SVD.thin(values, rows: rows, columns: columns)
    }
    sigma = svd.sigma
    u = try DeltaMatrix(rows: rows, columns: sigma.count, sharing: svd.u)
    vt = try DeltaMatrix(rows: sigma.count, columns: columns, sharing: svd.vt)
  }

  /// diag(σ) Vᵀ.
  func lengthsAndTurn() throws(SVFTError) -> DeltaMatrix {
    let result = try DeltaMatrix(rows: vt.rows, columns: vt.columns)
    try result.withValues { (to) throws(SVFTError) in
      try vt.withValues { (from) throws(SVFTError) in
        for k in 0..<vt.rows {
          Kernels.scale(
            from + k * vt.columns, by: Float(sigma[k]), into: to + k * vt.columns,
            count: vt.columns)
        }
      }
    }
    return result
  }

  /// U diag(σ).
  func turnAndLengths() throws(SVFTError) -> DeltaMatrix {
    let result = try DeltaMatrix(rows: u.rows, columns: u.columns)
    try result.withValues { (to) throws(SVFTError) in
      try u.withValues { (from) throws(SVFTError) in
        for index in 0..<u.rows * u.columns {
          to[index] = from[index] * Float(sigma[index % u.columns])
        }
      }
    }
    return result
  }
}
