// How good factors are, by their products with one random vector of signs z, in float64:
//
//   residual    ‖(W − U Σ Vᵀ)ᵀ z‖ / ‖Wᵀ z‖, which is ‖W − U Σ Vᵀ‖_F / ‖W‖_F in expectation
//   departure   the largest entry of (Uᵀ U − 1) z and of (Vᵀ V − 1) z: at least as large as the
//               largest entry of either matrix in all but unlucky cases
//
// Five passes over the factors, where computing them takes thousands.
extension SVD {
  /// Errors of factors as they are stored, in F32.
  package struct Accuracy: Sendable {
    /// Relative to the matrix; an estimate.
    package let residual: Double
    /// From orthonormality.
    package let departure: Double

    package init(residual: Double, departure: Double) {
      self.residual = residual
      self.departure = departure
    }

    /// What every decomposition has to keep (rounding to F32 alone gives about 1e-7).
    package static let bound = 1e-5

    /// Whether both errors are within the bound; numbers that are none are not.
    package var isWithinBound: Bool {
      residual <= Self.bound && departure <= Self.bound
    }
  }

  /// Factors with their errors.
  init(
    u: Buffer, sigma: [Double], vt: Buffer, method: String, of matrix: UnsafePointer<Float>,
    rows: Int, columns: Int
  ) throws(SVFTError) {
    self.u = u
    self.sigma = sigma
    self.vt = vt
    self.method = method
    accuracy = try Self.accuracy(
      u: u, sigma: sigma, vt: vt, of: matrix, rows: rows, columns: columns)
  }

  /// Measures factors of `matrix` [rows, columns]; for truncated ones the residual is what they
  /// leave out. Throws `.memory`.
  package static func accuracy(
    u: Buffer, sigma: [Double], vt: Buffer, of matrix: UnsafePointer<Float>, rows: Int,
    columns: Int
  ) throws(SVFTError) -> Accuracy {
    guard !MemoryLedger.isRehearsing else { return Accuracy(residual: 0, departure: 0) }
    let rank = sigma.count
    let sizes = [rows, rank, columns, columns, rank, max(rows, columns)]
    let storage = try Buffer(of: Double.self, count: sizes.reduce(0, +))
    defer { withExtendedLifetime((storage, u, vt)) {} }
    var starts: [UnsafeMutablePointer<Double>] = []
    var next = storage.pointer.assumingMemoryBound(to: Double.self)
    for size in sizes {
      starts.append(next)
      next += size
    }
    let (z, ut, wt, vut) = (starts[0], starts[1], starts[2], starts[3])
    let left = u.pointer.assumingMemoryBound(to: Float.self)
    let right = vt.pointer.assumingMemoryBound(to: Float.self)
    var random = RandomSource(seed: 0, purpose: "svd/accuracy")
    for i in 0..<rows { z[i] = random.word() & 1 == 0 ? 1 : -1 }
    for i in 0..<rows {
      add(matrix + i * columns, z[i], to: wt, columns)
      add(left + i * rank, z[i], to: ut, rank)
    }
    for j in 0..<rank { add(right + j * columns, sigma[j] * ut[j], to: vut, columns) }
    var (error, size) = (0.0, 0.0)
    for k in 0..<columns {
      error += (wt[k] - vut[k]) * (wt[k] - vut[k])
      size += wt[k] * wt[k]
    }
    let residual = error > 0 ? (error / max(size, .leastNormalMagnitude)).squareRoot() : error
    let (coefficients, sums) = (starts[4], starts[5])
    for j in 0..<rank { coefficients[j] = random.word() & 1 == 0 ? 1 : -1 }
    // Vᵀ (V c): V c by sums of rows of Vᵀ, their products with it by sums over its columns.
    for k in 0..<columns { sums[k] = 0 }
    for j in 0..<rank { add(right + j * columns, coefficients[j], to: sums, columns) }
    var departure = 0.0
    for j in 0..<rank {
      departure = larger(
        departure, abs(product(right + j * columns, sums, columns) - coefficients[j]))
    }
    for j in 0..<rank { ut[j] = 0 }
    for i in 0..<rows {
      add(left + i * rank, product(left + i * rank, coefficients, rank), to: ut, rank)
    }
    for j in 0..<rank { departure = larger(departure, abs(ut[j] - coefficients[j])) }
    return Accuracy(residual: residual, departure: departure)
  }

  /// The larger of two; what is no number stays seen.
  private static func larger(_ a: Double, _ b: Double) -> Double {
    a.isNaN || b <= a ? a : b
  }

  /// y += factor · x.
  private static func add(
    _ x: UnsafePointer<Float>, _ factor: Double, to y: UnsafeMutablePointer<Double>, _ count: Int
  ) {
    for k in 0..<count { y[k] += factor * Double(x[k]) }
  }

  /// x · y in eight sums, which one instruction can serve.
  private static func product(
    _ x: UnsafePointer<Float>, _ y: UnsafePointer<Double>, _ count: Int
  ) -> Double {
    var sums = SIMD8<Double>.zero
    let whole = count / 8 * 8
    for k in stride(from: 0, to: whole, by: 8) {
      let part = UnsafeRawPointer(x + k).loadUnaligned(as: SIMD8<Float>.self)
      sums += SIMD8<Double>(part) * UnsafeRawPointer(y + k).loadUnaligned(as: SIMD8<Double>.self)
    }
    var total = sums.sum()
    for k in whole..<count { total += Double(x[k]) * y[k] }
    return total
  }
}
