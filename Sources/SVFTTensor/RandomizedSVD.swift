// The first directions of a matrix alone, by randomised subspace iteration (Halko, Martinsson and
// Tropp 2011, algorithms 4.4 and 5.1), with 8 directions more than are wanted:
//
//   Y = W Ω,  then as often as asked  Y = W cond(Wᵀ cond(Y));   Q = orth(Y),   QᵀW = P Σ Vᵀ,
//   U = Q P
//
// cond is the lower factor of Gaussian elimination with pivots: it keeps the span and costs a tenth
// of Householder's orthonormal columns, which the last step needs. Products in F32, which is what
// the factors end up in; the small decomposition in float64. Ω follows from a fixed seed and the
// shape, the chunks from the shape, so the bits depend on the matrix alone. What is left out is
// measured: `SVD.accuracy`.
internal import CSystem

extension SVD {
  /// How many directions, and how often the random subspace is turned towards them.
  package struct Truncation: Hashable, Sendable {
    package let rank: Int
    package let iterations: Int

    package init(rank: Int, iterations: Int = 4) {
      self.rank = rank
      self.iterations = iterations
    }
  }

  /// The first directions of `matrix` [rows, columns]: u [rows, r], σ [r], vt [r, columns] with r
  /// the rank asked for or the shorter side.
  ///
  /// Exact where more than half of the directions are wanted or there is no LAPACK. Throws what
  /// `thin` throws.
  package static func truncated(
    _ matrix: UnsafePointer<Float>, rows: Int, columns: Int, _ truncation: Truncation,
    threads: Int = 1
  ) throws(SVFTError) -> SVD {
    let width = truncation.rank + RandomizedSVD.more
    guard LAPACK.hasParts, 2 * width < min(rows, columns) else {
      let all = try thin(matrix, rows: rows, columns: columns, threads: threads)
      return try all.prefix(truncation.rank, of: matrix, rows: rows, columns: columns)
    }
    try checkNumbers(matrix, rows: rows, columns: columns)
    let solver = try RandomizedSVD(
      matrix, rows: rows, columns: columns, width: width, threads: threads)
    if !MemoryLedger.isRehearsing { try solver.turn(truncation.iterations) }
    let small = try thin(solver.rightValues, rows: width, columns: columns, threads: threads)
    return try solver.expand(small, matrix, truncation)
  }

  /// The first directions of these factors of `matrix`.
  private func prefix(
    _ wanted: Int, of matrix: UnsafePointer<Float>, rows: Int, columns: Int
  ) throws(SVFTError) -> SVD {
    guard wanted < sigma.count else { return self }
    let kept = try Buffer(of: Float.self, count: rows * wanted)
    let (from, to) = (u.values(Float.self), kept.values(Float.self))
    for row in 0..<(MemoryLedger.isRehearsing ? 0 : rows) {
      for j in 0..<wanted { to[row * wanted + j] = from[row * sigma.count + j] }
    }
    let first = Array(sigma[..<wanted])
    return try SVD(
      u: kept, sigma: first, vt: vt.slice(offset: 0, byteCount: wanted * columns * 4),
      method: method, of: matrix, rows: rows, columns: columns)
  }
}

/// The subspace at work on one matrix.
struct RandomizedSVD {
  /// Rises when results change.
  static let version = 2
  /// Directions beyond those wanted, which turn the last of them faster.
  static let more = 8
  private static let panel = 512

  private let matrix: DenseMatrix<Float>
  private let threads: Int
  /// [rows, width]: an orthonormal basis of where W maps to.
  private let left: DenseMatrix<Float>
  /// [columns, width]: random, then the basis on the other side, then Wᵀ Q.
  private let right: DenseMatrix<Float>
  private let work: UnsafeMutablePointer<Float>
  /// What products need, for each thread.
  private let scratch: Buffer
  private let scratchStride: Int
  private let owners: [Buffer]

  /// Throws `.memory`, `.limit`.
  init(
    _ matrix: UnsafePointer<Float>, rows: Int, columns: Int, width: Int, threads: Int
  ) throws(SVFTError) {
    let what = "the working memory of a decomposition"
    let counts = try [
      Checked.product(rows, width, what), Checked.product(columns, width, what), 33 * width,
    ]
    var made: [Buffer] = []
    for count in counts { made.append(try Buffer(of: Float.self, count: count)) }
    owners = made
    let starts = made.map { $0.pointer.assumingMemoryBound(to: Float.self) }
    // Rows side by side are the columns of the transpose; nobody writes to it.
    self.matrix =
      DenseMatrix(UnsafeMutablePointer(mutating: matrix), rows: columns, columns: rows).transposed
    left = DenseMatrix(starts[0], rows: rows, columns: width)
    right = DenseMatrix(starts[1], rows: columns, columns: width)
    work = starts[2]
    scratchStride = (Kernels.scratchBytes(max(rows, columns)) + 63) / 64 * 64
    scratch = try Buffer(byteCount: Checked.product(max(1, threads), scratchStride, what))
    self.threads = threads
  }

  /// QᵀW, row by row.
  var rightValues: UnsafePointer<Float> { UnsafePointer(right.start) }

  /// Brings the basis to the largest directions, and Wᵀ Q to the right.
  func turn(_ iterations: Int) throws(SVFTError) {
    svs_lapack_enter()
    defer { svs_lapack_leave() }
    var random = RandomSource(seed: 0, purpose: "svd/range")
    for index in 0..<right.rows * right.columns { right.start[index] = random.uniform(-1, 1) }
    multiply(matrix, right, into: left)
    for _ in 0..<iterations {
      condition(left)
      multiply(matrix.transposed, left, into: right)
      condition(right)
      multiply(matrix, right, into: left)
    }
    try orthonormalize(left)
    multiply(matrix.transposed, left, into: right)
  }

  private func condition(_ target: DenseMatrix<Float>) {
    work.withMemoryRebound(to: Int32.self, capacity: 2 * target.columns) {
      svs_condition_f32(Int64(target.rows), Int64(target.columns), target.start, $0)
    }
  }

  private func multiply(
    _ a: DenseMatrix<Float>, _ b: DenseMatrix<Float>, into target: DenseMatrix<Float>
  ) {
    let panels = (target.rows + Self.panel - 1) / Self.panel
    Parallel.run(threads: min(threads, panels)) { team in
      for panel in team.share(of: panels) {
        let rows = panel * Self.panel..<min(target.rows, (panel + 1) * Self.panel)
        target.rows(rows).multiply(
          a.rows(rows), b, scratch: scratch.pointer + team.id * scratchStride)
      }
    }
  }

  private func orthonormalize(_ target: DenseMatrix<Float>) throws(SVFTError) {
    let (m, n) = (Int64(target.rows), Int64(target.columns))
    let status = svs_orthonormalize_f32(m, n, target.start, work, work + target.columns, 32 * n)
    guard status == 0 else {
      throw SVFTError(.nonFinite, "decomposition: LAPACK failed (sgeqrf says \(status))")
    }
  }

  /// U = Q P, and what belongs to the directions wanted.
  func expand(
    _ small: SVD, _ matrix: UnsafePointer<Float>, _ truncation: SVD.Truncation
  ) throws(SVFTError) -> SVD {
    let (rows, columns, rank) = (left.rows, right.rows, truncation.rank)
    let u = try Buffer(of: Float.self, count: rows * rank)
    if !MemoryLedger.isRehearsing {
      svs_lapack_enter()
      let width = left.columns
      let turned = DenseMatrix(
        small.u.pointer.assumingMemoryBound(to: Float.self), rows: width, columns: width
      ).transposed.columns(0..<rank)
      let target = DenseMatrix(
        u.pointer.assumingMemoryBound(to: Float.self), rows: rank, columns: rows
      ).transposed
      withExtendedLifetime(small) { multiply(left, turned, into: target) }
      svs_lapack_leave()
    }
    let vt = try Buffer(of: Float.self, count: rank * columns)
    vt.pointer.copyMemory(from: small.vt.pointer, byteCount: vt.byteCount)
    let library = LAPACK.version ?? ""
    return try SVD(
      u: u, sigma: Array(small.sigma[..<rank]), vt: vt,
      method: "randomised \(Self.version) iterations \(truncation.iterations) \(library)",
      of: matrix, rows: rows, columns: columns)
  }
}
