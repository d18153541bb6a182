// Thin singular value decomposition W = U diag(σ) Vᵀ of an F32 matrix, n = min(rows, columns),
// computed in float64 from exactly these values and rounded to F32 at the very end.
//
// σ descends and is never negative. Signs are canonical: the entry of v_j of largest magnitude
// (lowest index among equals) is positive. Columns of null directions are completed to orthonormal
// ones. The result depends on the matrix and the method alone. The solvers are in `GramSVD.swift`,
// `LAPACK.swift` and `JacobiSVD.swift`; what is measured of results in `SVD+Accuracy.swift`.

/// The factors of one matrix.
package struct SVD: Sendable {
  /// U [rows, n], row-major F32.
  package let u: Buffer
  /// σ [n], descending, as computed.
  package let sigma: [Double]
  /// Vᵀ [n, columns], row-major F32.
  package let vt: Buffer
  /// How it was computed: method and version, for files that depend on it.
  package let method: String
  /// How good they are, measured.
  package let accuracy: Accuracy

  /// The ways to decompose.
  package enum Solver: Sendable, CaseIterable {
    /// The Gram matrix of the shorter side and LAPACK's symmetric eigensolver, where the system
    /// has a LAPACK; dgesdd for a matrix whose factors do not pass the check.
    case gram
    /// LAPACK's dgesdd: about three times slower.
    case lapack
    /// One-sided Jacobi rotations of our own: slower, always there.
    case jacobi

    /// What `SVD.method` says for it: "gram 1 OpenBLAS 0.3.21", "lapack-dgesdd OpenBLAS 0.3.21",
    /// "jacobi 1"; nil where absent.
    package var method: String? {
      switch self {
      case .gram:
        LAPACK.hasParts ? LAPACK.version.map { "gram \(GramSVD.version) \($0)" } : nil
      case .lapack: LAPACK.version.map { "lapack-dgesdd \($0)" }
      case .jacobi: "jacobi \(JacobiSVD.version)"
      }
    }

    /// The best one this system has.
    package static var best: Solver { allCases.first { $0.method != nil } ?? .jacobi }
  }

  /// Factors of a matrix in float64, signs as they come, in memory of the solver's.
  struct Factors {
    /// [rows, n], and [columns, n] with each column's numbers side by side.
    let u: DenseMatrix<Double>
    let v: DenseMatrix<Double>
    /// One for each column of them.
    let sigma: [Double]
    let owners: [Buffer]

    /// Columns in descending order of σ.
    var order: [Int] {
      sigma.indices.sorted { (sigma[$1], $0) < (sigma[$0], $1) }
    }
  }

  /// Decomposes `matrix` [rows, columns], row-major.
  ///
  /// May be called from several threads at once. `threads` serves the Gram and the Jacobi solver:
  /// the bits do not depend on it; dgesdd uses one. Throws `.shape` for an empty matrix,
  /// `.nonFinite` for values that are no numbers or a solver that does not converge, `.limit` and
  /// `.memory` for one that is too large.
  package static func thin(
    _ matrix: UnsafePointer<Float>, rows: Int, columns: Int, solver: Solver? = nil,
    threads: Int = 1
  ) throws(SVFTError) -> SVD {
    guard rows > 0, columns > 0 else {
      throw SVFTError(
        .shape, "decomposition: expected a matrix with entries, found [\(rows), \(columns)]")
    }
    let solver = solver ?? chosenSolver
    guard let method = solver.method else {
      throw SVFTError(.unsupported, "decomposition: this system has no LAPACK that can be opened")
    }
    if solver != .jacobi { try LAPACK.check(rows: rows, columns: columns) }
    try checkNumbers(matrix, rows: rows, columns: columns)
    let factors: Factors
    switch solver {
    case .gram:
      if let found = try GramSVD.decompose(
        matrix, rows: rows, columns: columns, threads: threads)
      {
        let svd = try rounded(found, matrix, method: method)
        if svd.accuracy.isWithinBound { return svd }
      }
      factors = try LAPACK.decompose(matrix, rows: rows, columns: columns)
    case .lapack:
      factors = try LAPACK.decompose(matrix, rows: rows, columns: columns)
    case .jacobi:
      factors = try JacobiSVD.decompose(matrix, rows: rows, columns: columns, threads: threads)
    }
    return try rounded(factors, matrix, method: method)
  }

  /// Refuses a matrix with an entry that is no number, by its place.
  static func checkNumbers(
    _ matrix: UnsafePointer<Float>, rows: Int, columns: Int
  ) throws(SVFTError) {
    let count = try Checked.product(rows, columns, "decomposition of [\(rows), \(columns)]")
    for index in 0..<(MemoryLedger.isRehearsing ? 0 : count) where !matrix[index].isFinite {
      throw SVFTError(
        .nonFinite,
        "decomposition of [\(rows), \(columns)]: expected numbers, found \(matrix[index]) at"
          + " row \(index / columns), column \(index % columns)")
    }
  }

  /// The best solver, with one word to the host in the life of the process where it is the slow
  /// one.
  private static let chosenSolver: Solver = {
    if Solver.best == .jacobi {
      Log.warn(
        "no LAPACK found (libopenblas.so.0, liblapack.so.3): matrices are decomposed by Jacobi"
          + " rotations, which is many times slower")
    }
    return .best
  }()

  /// Descending order, canonical signs, then F32.
  private static func rounded(
    _ factors: Factors, _ matrix: UnsafePointer<Float>, method: String
  ) throws(SVFTError) -> SVD {
    let (u, v) = (factors.u, factors.v)
    let (rows, columns, rank) = (u.rows, v.rows, u.columns)
    let left = try Buffer(of: Float.self, count: rows * rank)
    let right = try Buffer(of: Float.self, count: rank * columns)
    guard !MemoryLedger.isRehearsing else {
      // Values of no matrix, but different ones: nothing of them is tied.
      let sigma = (0..<rank).map { Double(rank - $0) }
      return try SVD(
        u: left, sigma: sigma, vt: right, method: method, of: matrix, rows: rows,
        columns: columns)
    }
    let order = factors.order
    var signs: [Double] = []
    let vt = right.pointer.assumingMemoryBound(to: Float.self)
    for (place, j) in order.enumerated() {
      let column = v.columns(j..<j + 1).start
      var largest = 0
      for k in 0..<columns where abs(column[k]) > abs(column[largest]) { largest = k }
      signs.append(column[largest] < 0 ? -1 : 1)
      for k in 0..<columns { vt[place * columns + k] = Float(signs[place] * column[k]) }
    }
    round(u, order, signs, to: left.pointer.assumingMemoryBound(to: Float.self))
    return try withExtendedLifetime(factors.owners) { () throws(SVFTError) in
      try SVD(
        u: left, sigma: order.map { factors.sigma[$0] }, vt: right, method: method, of: matrix,
        rows: rows, columns: columns)
    }
  }

  /// Columns of `u` in this order and with these signs, row by row.
  private static func round(
    _ u: DenseMatrix<Double>, _ order: [Int], _ signs: [Double],
    to target: UnsafeMutablePointer<Float>
  ) {
    let rank = order.count
    order.withUnsafeBufferPointer { order in
      signs.withUnsafeBufferPointer { signs in
        for row in 0..<u.rows {
          for place in 0..<rank {
            target[row * rank + place] = Float(signs[place] * u[row, order[place]])
          }
        }
      }
    }
  }
}
