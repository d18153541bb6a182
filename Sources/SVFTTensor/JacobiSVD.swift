// One-sided Jacobi in float64 (Hestenes 1958; de Rijk 1989 for keeping the longer vector in front):
// the decomposition where LAPACK is absent, and its independent witness in the tests.
//
// Take the matrix as n = min(rows, columns) vectors of length max(rows, columns). Rotate pairs of
// them until all are orthogonal: their lengths are σ, they themselves σ·(the longer factor), the
// rotations the shorter one. A round is n/2 disjoint pairs (a round-robin tournament), so a team
// shares it and the result is the same for any number of threads.
internal import CSystem

/// The Jacobi solver at work on one matrix.
struct JacobiSVD {
  /// Rises when results change.
  static let version = 1
  private static let sweepLimit = 60

  private let rank: Int
  private let length: Int
  /// [rank, length]: the vectors.
  private let vectors: UnsafeMutablePointer<Double>
  /// [rank, rank]: row j holds the combination that vector j has become.
  private let rotations: UnsafeMutablePointer<Double>
  /// One per pair of a round: rotated in this sweep.
  private let rotated: UnsafeMutablePointer<Bool>
  /// Vectors shorter than this are rounding errors of the longest one: no rotation mends them.
  private let noise: Double
  private let owners: [Buffer]

  /// Decomposes `matrix` [rows, columns], signs as they come.
  static func decompose(
    _ matrix: UnsafePointer<Float>, rows: Int, columns: Int, threads: Int
  ) throws(SVFTError) -> SVD.Factors {
    let (rank, length) = (min(rows, columns), max(rows, columns))
    let tall = rows >= columns
    if MemoryLedger.isRehearsing {
      let solver = try JacobiSVD(rank: rank, length: length, noise: 0)
      let basis = try OrthonormalBasis(capacity: rank, length: length)
      return solver.factors([], basis, tall: tall)
    }
    var square = 0.0
    for index in 0..<rows * columns { square += Double(matrix[index]) * Double(matrix[index]) }
    let solver = try JacobiSVD(
      rank: rank, length: length, noise: Double.ulpOfOne * square.squareRoot())
    for j in 0..<solver.rank {
      solver.rotations[j * solver.rank + j] = 1
      for i in 0..<solver.length {
        let value = tall ? matrix[i * columns + j] : matrix[j * columns + i]
        solver.vectors[j * solver.length + i] = Double(value)
      }
    }
    guard solver.orthogonalize(threads: threads) else {
      throw SVFTError(
        .nonFinite,
        "decomposition of [\(rows), \(columns)]: no convergence in \(sweepLimit) Jacobi sweeps")
    }
    return try solver.completed(tall: tall)
  }

  private init(rank: Int, length: Int, noise: Double) throws(SVFTError) {
    let what = "the working memory of a decomposition"
    let buffers = try [
      Buffer(of: Double.self, count: Checked.product(rank, length, what)),
      Buffer(of: Double.self, count: Checked.product(rank, rank, what)),
      Buffer(of: Bool.self, count: rank / 2 + 1),
    ]
    self.rank = rank
    self.length = length
    self.noise = noise
    vectors = buffers[0].pointer.assumingMemoryBound(to: Double.self)
    rotations = buffers[1].pointer.assumingMemoryBound(to: Double.self)
    rotated = buffers[2].pointer.assumingMemoryBound(to: Bool.self)
    owners = buffers
  }

  /// Sweeps over all pairs until one changes nothing; false where that does not come.
  private func orthogonalize(threads: Int) -> Bool {
    guard rank > 1 else { return true }
    let players = rank + rank % 2  // an odd one out sits still against the missing player
    let pairs = players / 2
    var converged = false
    withUnsafeMutablePointer(to: &converged) { converged in
      Parallel.run(threads: min(threads, pairs)) { team in
        for _ in 0..<Self.sweepLimit {
          for pair in team.share(of: pairs) { rotated[pair] = false }
          for round in 0..<players - 1 {
            for pair in team.share(of: pairs) {
              let (p, q) = Self.pair(pair, round: round, of: players)
              if max(p, q) < rank, rotate(min(p, q), max(p, q)) { rotated[pair] = true }
            }
            team.barrier()
          }
          let quiet = (0..<pairs).allSatisfy { !rotated[$0] }
          team.barrier()  // nobody clears before everybody has looked
          if quiet {
            if team.id == 0 { converged.pointee = true }
            return
          }
        }
      }
    }
    return converged
  }

  /// Pair number `index` of a round: all rounds together hold each two players once.
  private static func pair(_ index: Int, round: Int, of players: Int) -> (Int, Int) {
    let ring = players - 1
    if index == 0 { return (ring, round) }
    return ((round + index) % ring, (round - index + ring) % ring)
  }

  /// Makes vectors p and q orthogonal, the longer one first; false where they are already.
  private func rotate(_ p: Int, _ q: Int) -> Bool {
    let (x, y) = (vectors + p * length, vectors + q * length)
    let (xx, yy, xy) = Self.products(x, y, length)
    let tolerance = Double.ulpOfOne * Double(length).squareRoot()
    let (sizeX, sizeY) = (xx.squareRoot(), yy.squareRoot())
    guard min(sizeX, sizeY) > noise, abs(xy) > tolerance * sizeX * sizeY else { return false }
    let zeta = (yy - xx) / (2 * xy)
    let tangent = (zeta < 0 ? -1 : 1) / (abs(zeta) + (1 + zeta * zeta).squareRoot())
    let cosine = 1 / (1 + tangent * tangent).squareRoot()
    let sine = cosine * tangent
    let tau = sine / (1 + cosine)
    let exchange: Int32 = xx < yy ? 1 : 0
    svs_rotate(x, y, length, sine, tau, exchange)
    svs_rotate(rotations + p * rank, rotations + q * rank, rank, sine, tau, exchange)
    return true
  }

  /// x·x, y·y and x·y.
  private static func products(
    _ x: UnsafePointer<Double>, _ y: UnsafePointer<Double>, _ count: Int
  ) -> (xx: Double, yy: Double, xy: Double) {
    var products = (xx: 0.0, yy: 0.0, xy: 0.0)
    withUnsafeMutableBytes(of: &products) {
      svs_products(x, y, count, $0.baseAddress?.assumingMemoryBound(to: Double.self))
    }
    return products
  }

  /// Lengths to σ, unit vectors to the longer factor, combinations to the shorter, the longest
  /// first.
  private func completed(tall: Bool) throws(SVFTError) -> SVD.Factors {
    let lengths = (0..<rank).map { j in
      Self.products(vectors + j * length, vectors + j * length, length).xx.squareRoot()
    }
    let order = (0..<rank).sorted { (lengths[$1], $0) < (lengths[$0], $1) }
    var basis = try OrthonormalBasis(capacity: rank, length: length)
    for j in order {
      // A short vector may not be orthogonal to the others: it is made so, or replaced.
      let isExact = lengths[j] > noise * Double(length)
      basis.append(vectors + j * length, length: lengths[j], isExact: isExact)
    }
    // The basis has them in order, and so get the combinations the vectors' place.
    for (place, j) in order.enumerated() {
      (vectors + place * rank).update(from: rotations + j * rank, count: rank)
    }
    return factors(order.map { lengths[$0] }, basis, tall: tall)
  }

  /// The longer factor in the basis, the combinations where the vectors were.
  private func factors(
    _ sigma: [Double], _ basis: OrthonormalBasis, tall: Bool
  ) -> SVD.Factors {
    let long = DenseMatrix(basis.start, rows: length, columns: rank)
    let short = DenseMatrix(vectors, rows: rank, columns: rank)
    return SVD.Factors(
      u: tall ? long : short, v: tall ? short : long, sigma: sigma,
      owners: owners + basis.owners)
  }
}
