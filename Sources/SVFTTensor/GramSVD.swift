// The decomposition by the Gram matrix of the shorter side, in float64: with A = W or Wᵀ, whichever
// is tall [length, n],
//
//   AᵀA = V λ Vᵀ,   A V = U Σ:   σ_j = ‖A v_j‖, u_j = A v_j / σ_j
//
// a third of dgesdd's time (2.3 s for 6.5 at 2048², one thread). Squaring loses what is small:
// u_i·u_j is off by ε σ₁²/(σ_i σ_j). So only columns with σ_j ≥ 1e-4 σ₁ are taken at once (5e-9 at
// worst). The rest of A V is projected off those and decomposed the same way, against its own
// largest σ, until nothing but the rounding of the product is left; that null space is completed
// with random directions. The bits depend on the matrix alone, not on the team.
internal import CSystem

/// The Gram solver at work on one matrix.
struct GramSVD {
  /// Rises when results change.
  static let version = 1
  /// σ relative to the largest at hand below which columns are decomposed once more.
  private static let share = 1e-4
  private static let panel = 256

  private let rank: Int
  private let length: Int
  private let threads: Int
  /// [length, rank]: A, then A V, then U.
  private let long: DenseMatrix<Double>
  /// [rank, rank]: V.
  private let vectors: DenseMatrix<Double>
  private let square: UnsafeMutablePointer<Double>
  /// A panel of rows for each thread.
  private let rowsAtHand: UnsafeMutablePointer<Double>
  private let owners: [Buffer]

  /// Decomposes `matrix` [rows, columns], signs as they come; nil where LAPACK does not converge.
  static func decompose(
    _ matrix: UnsafePointer<Float>, rows: Int, columns: Int, threads: Int
  ) throws(SVFTError) -> SVD.Factors? {
    let solver = try GramSVD(rows: rows, columns: columns, threads: threads)
    if MemoryLedger.isRehearsing {
      _ = try SymmetricEigen(order: solver.rank, threads: threads)
      return solver.factors([], tall: rows >= columns)
    }
    svs_lapack_enter()
    defer { svs_lapack_leave() }
    solver.share(of: rows) { range, _ in
      for index in range.lowerBound * columns..<range.upperBound * columns {
        solver.long.start[index] = Double(matrix[index])
      }
    }
    guard try solver.diagonalize(solver.rank, into: solver.vectors) else { return nil }
    solver.rotate(solver.long, by: solver.vectors)
    return try solver.separate().map { solver.factors($0, tall: rows >= columns) }
  }

  private func factors(_ sigma: [Double], tall: Bool) -> SVD.Factors {
    SVD.Factors(
      u: tall ? long : vectors, v: tall ? vectors : long, sigma: sigma, owners: owners)
  }

  private init(rows: Int, columns: Int, threads: Int) throws(SVFTError) {
    rank = min(rows, columns)
    length = max(rows, columns)
    self.threads = min(threads, (length + Self.panel - 1) / Self.panel)
    let what = "the working memory of a decomposition"
    let cells = try Checked.product(rank, rank, what)
    owners = try [
      Buffer(of: Double.self, count: Checked.product(rows, columns, what)),
      Buffer(of: Double.self, count: cells), Buffer(of: Double.self, count: cells),
      Buffer(of: Double.self, count: Checked.product([self.threads, Self.panel, rank], what)),
    ]
    let starts = owners.map { $0.pointer.assumingMemoryBound(to: Double.self) }
    // Rows side by side are the columns of the transpose.
    let stored = DenseMatrix(starts[0], rows: columns, columns: rows)
    long = rows >= columns ? stored.transposed : stored
    vectors = DenseMatrix(starts[1], rows: rank, columns: rank)
    square = starts[2]
    rowsAtHand = starts[3]
  }

  /// Runs `body` on panels of `count` lines, with the member's number.
  private func share(of count: Int, _ body: (Range<Int>, Int) -> Void) {
    let panels = (count + Self.panel - 1) / Self.panel
    Parallel.run(threads: min(threads, panels)) { team in
      for panel in team.share(of: panels) {
        body(panel * Self.panel..<min(count, (panel + 1) * Self.panel), team.id)
      }
    }
  }

  /// Eigenvectors of the Gram matrix of the first `count` columns, ascending, into `result`; false
  /// where LAPACK does not converge.
  private func diagonalize(
    _ count: Int, into result: DenseMatrix<Double>
  ) throws(SVFTError) -> Bool {
    let eigen = try SymmetricEigen(order: count, threads: threads)
    let gram = DenseMatrix(square, rows: count, columns: count)
    share(of: count) { range, _ in
      gram.columns(range).rows(range.lowerBound..<count).multiply(
        long.columns(range.lowerBound..<count).transposed, long.columns(range))
    }
    return eigen.solve(square, vectors: result.start)
  }

  /// target := target · rotation, panel by panel.
  private func rotate(_ target: DenseMatrix<Double>, by rotation: DenseMatrix<Double>) {
    share(of: target.rows) { range, member in
      let rows = target.rows(range)
      let turned = rows.alike(
        rowsAtHand + member * Self.panel * rank, rows: range.count, columns: target.columns)
      turned.multiply(rows, rotation)
      rows.copy(turned)
    }
  }

  /// Lengths of the first `count` columns.
  private func lengths(_ count: Int) -> [Double] {
    var squares = [Double](repeating: 0, count: count)
    guard long.isTransposed else {
      for j in 0..<count {
        let column = long.columns(j..<j + 1).start
        var sums = (0.0, 0.0, 0.0)
        withUnsafeMutableBytes(of: &sums) {
          svs_products(
            column, column, length, $0.baseAddress?.assumingMemoryBound(to: Double.self))
        }
        squares[j] = sums.0
      }
      return squares.map { $0.squareRoot() }
    }
    squares.withUnsafeMutableBufferPointer { squares in
      for i in 0..<length {
        let row = long.start + i * long.leading
        for j in 0..<count { squares[j] += row[j] * row[j] }
      }
    }
    return squares.map { $0.squareRoot() }
  }

  /// Turns A V into U; returns σ in the order of the columns, or nil where LAPACK does not
  /// converge.
  ///
  /// Columns ascend, so that those still to be done are always the first ones.
  private func separate() throws(SVFTError) -> [Double]? {
    var sigma = lengths(rank)
    let noise = Double.ulpOfOne * Double(length).squareRoot() * (sigma.max() ?? 0)
    var left = rank
    while left > 0 {
      let top = sigma[..<left].max() ?? 0
      let least = max(Self.share * top, noise)
      let first = (sigma[..<left].lastIndex { !($0 > least) } ?? -1) + 1
      guard top > noise, first < left else { break }
      let inverses = sigma[first..<left].map { 1 / $0 }
      scale(first..<left, inverses)
      left = first
      project(long.columns(0..<left), off: long.columns(left..<rank))
      sigma.replaceSubrange(0..<left, with: lengths(left))
      guard (sigma[..<left].max() ?? 0) > noise else { break }
      let storage = try Buffer(of: Double.self, count: left * left)
      defer { withExtendedLifetime(storage) {} }
      let turn = DenseMatrix(
        storage.pointer.assumingMemoryBound(to: Double.self), rows: left, columns: left)
      guard try diagonalize(left, into: turn) else { return nil }
      rotate(long.columns(0..<left), by: turn)
      rotate(vectors.columns(0..<left), by: turn)
      sigma.replaceSubrange(0..<left, with: lengths(left))
    }
    guard try complete(left) else { return nil }
    return sigma
  }

  private func scale(_ columns: Range<Int>, _ factors: [Double]) {
    let part = long.columns(columns)
    factors.withUnsafeBufferPointer { factors in
      if part.isTransposed {
        for i in 0..<length {
          let row = part.start + i * part.leading
          for j in 0..<factors.count { row[j] *= factors[j] }
        }
      } else {
        for j in 0..<factors.count {
          let column = part.start + j * part.leading
          for i in 0..<length { column[i] *= factors[j] }
        }
      }
    }
  }

  /// Takes the part in the span of orthonormal columns away from `target`, twice: once is not
  /// enough (Kahan and Parlett).
  private func project(_ target: DenseMatrix<Double>, off basis: DenseMatrix<Double>) {
    guard target.columns > 0, basis.columns > 0 else { return }
    // The Gram matrix is not needed now: n² numbers hold any pair of the two.
    let products = DenseMatrix(square, rows: basis.columns, columns: target.columns)
    for _ in 0..<2 {
      share(of: target.columns) { range, _ in
        products.columns(range).multiply(basis.transposed, target.columns(range))
      }
      share(of: length) { range, _ in
        target.rows(range).multiply(basis.rows(range), products, scale: -1, keep: 1)
      }
    }
  }

  /// Gives the first `count` columns, which A maps to nothing, directions of their own; false where
  /// LAPACK fails.
  private func complete(_ count: Int) throws(SVFTError) -> Bool {
    guard count > 0 else { return true }
    let storage = try Buffer(of: Double.self, count: length * count)
    let work = try Buffer(of: Double.self, count: 33 * count)
    defer { withExtendedLifetime((storage, work)) {} }
    let start = storage.pointer.assumingMemoryBound(to: Double.self)
    let space = work.pointer.assumingMemoryBound(to: Double.self)
    var random = RandomSource(seed: 0, purpose: "svd/null space")
    for index in 0..<length * count { start[index] = Double(random.uniform(-1, 1)) }
    let directions = DenseMatrix(start, rows: length, columns: count)
    for _ in 0..<2 {
      project(directions, off: long.columns(count..<rank))
      guard
        svs_orthonormalize(
          Int64(length), Int64(count), start, space, space + count, Int64(32 * count)) == 0
      else { return false }
    }
    long.columns(0..<count).copy(directions)
    return true
  }
}
