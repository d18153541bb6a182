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

  /// Factors of a matrix in float64: u [rows, n], sigma [n], vt [n, columns], row-major.
  struct Factors {
    let u: UnsafeMutableBufferPointer<Double>
    let sigma: UnsafeMutableBufferPointer<Double>
    let vt: UnsafeMutableBufferPointer<Double>
    private let owners: [Buffer]

    init(rows: Int, columns: Int) throws(SVFTError) {
      let rank = min(rows, columns)
      let buffers = try [
        Buffer(of: Double.self, count: rows * rank), Buffer(of: Double.self, count: rank),
        Buffer(of: Double.self, count: rank * columns),
      ]
      u = buffers[0].values()
      sigma = buffers[1].values()
      vt = buffers[2].values()
      owners = buffers
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
    let factors = try Factors(rows: rows, columns: columns)
    switch solver {
    case .gram:
      if try GramSVD.decompose(
        matrix, rows: rows, columns: columns, threads: threads, into: factors)
      {
        let svd = try rounded(factors, matrix, rows: rows, columns: columns, method: method)
        if svd.accuracy.isWithinBound { return svd }
      }
      try LAPACK.decompose(matrix, rows: rows, columns: columns, into: factors)
    case .lapack:
      try LAPACK.decompose(matrix, rows: rows, columns: columns, into: factors)
    case .jacobi:
      try JacobiSVD.decompose(
        matrix, rows: rows, columns: columns, threads: threads, into: factors)
    }
    return try rounded(factors, matrix, rows: rows, columns: columns, method: method)
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

  /// Canonical signs, then F32.
  private static func rounded(
    _ factors: Factors, _ matrix: UnsafePointer<Float>, rows: Int, columns: Int, method: String
  ) throws(SVFTError) -> SVD {
    let rank = min(rows, columns)
    let u = try Buffer(of: Float.self, count: rows * rank)
    let vt = try Buffer(of: Float.self, count: rank * columns)
    guard !MemoryLedger.isRehearsing else {
      // Values of no matrix, but different ones: nothing of them is tied.
      let sigma = (0..<rank).map { Double(rank - $0) }
      return try SVD(
        u: u, sigma: sigma, vt: vt, method: method, of: matrix, rows: rows, columns: columns)
    }
    var signs: [Double] = []
    let (uOut, vtOut) = (u.values(Float.self), vt.values(Float.self))
    for j in 0..<rank {
      let v = j * columns..<(j + 1) * columns
      var largest = v.lowerBound
      for index in v where abs(factors.vt[index]) > abs(factors.vt[largest]) { largest = index }
      signs.append(factors.vt[largest] < 0 ? -1 : 1)
      for index in v { vtOut[index] = Float(signs[j] * factors.vt[index]) }
    }
    signs.withUnsafeBufferPointer { signs in
      for row in 0..<rows {
        for j in 0..<rank { uOut[row * rank + j] = Float(signs[j] * factors.u[row * rank + j]) }
      }
    }
    return try SVD(
      u: u, sigma: Array(factors.sigma[..<rank]), vt: vt, method: method, of: matrix, rows: rows,
      columns: columns)
  }
}
