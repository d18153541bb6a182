// The decomposition by LAPACK's dgesdd, opened by name at the first call (CSystem/lapack.c).
//
// LAPACK counts columns first, we rows first: our W [rows, columns] is its Wᵀ [columns, rows],
// whose left factor is our V. Both results then lie exactly as we want them, without a
// transposition.
internal import CSystem

/// The LAPACK of this system, if it has one.
enum LAPACK {
  /// What it calls itself ("OpenBLAS 0.3.21"), or nil where there is none.
  static let version: String? = svs_lapack_version().map { String(cString: $0) }

  /// Whether it has what `GramSVD` calls.
  static let hasParts = svs_lapack_has_parts() != 0

  /// The largest side its 32-bit integers allow: the workspace of 4n² + 7n must be below 2³¹.
  static let sideLimit = 23_000

  /// Refuses what LAPACK cannot address, before anything is allocated for it.
  static func check(rows: Int, columns: Int) throws(SVFTError) {
    guard min(rows, columns) <= sideLimit, max(rows, columns) <= Int(Int32.max) else {
      throw SVFTError(
        .limit,
        "decomposition: expected a matrix whose shorter side is at most \(sideLimit),"
          + " found [\(rows), \(columns)]")
    }
  }

  /// Decomposes `matrix` [rows, columns], signs as they come.
  static func decompose(
    _ matrix: UnsafePointer<Float>, rows: Int, columns: Int
  ) throws(SVFTError) -> SVD.Factors {
    let rank = min(rows, columns)
    let (m, n) = (Int64(columns), Int64(rows))
    let what = "decomposition of [\(rows), \(columns)]"
    let workspace = svs_svd_workspace(m, n)
    guard workspace > 0, workspace <= Int64(Int32.max) else {
      throw SVFTError(.limit, "\(what): the workspace is beyond what LAPACK can address")
    }
    let a = try Buffer(of: Double.self, count: rows * columns)
    let work = try Buffer(of: Double.self, count: Int(workspace))
    let integers = try Buffer(of: Int64.self, count: 8 * rank)
    let results = try [
      Buffer(of: Double.self, count: rows * rank), Buffer(of: Double.self, count: rank),
      Buffer(of: Double.self, count: rank * columns),
    ]
    let starts = results.map { $0.pointer.assumingMemoryBound(to: Double.self) }
    var sigma = [Double](repeating: 0, count: rank)
    if !MemoryLedger.isRehearsing {
      let values = a.values(Double.self)
      for index in 0..<rows * columns { values[index] = Double(matrix[index]) }
      let status = withExtendedLifetime((a, work, integers)) {
        svs_svd(
          m, n, values.baseAddress, starts[1], starts[2], starts[0],
          work.values(Double.self).baseAddress, workspace,
          integers.values(Int64.self).baseAddress)
      }
      guard status == 0 else {
        throw SVFTError(.nonFinite, "\(what): LAPACK did not converge (dgesdd says \(status))")
      }
      for j in 0..<rank { sigma[j] = starts[1][j] }
    }
    return SVD.Factors(
      u: DenseMatrix(starts[0], rows: rank, columns: rows).transposed,
      v: DenseMatrix(starts[2], rows: columns, columns: rank), sigma: sigma, owners: results)
  }
}
