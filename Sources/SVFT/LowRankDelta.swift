// The change of one projection as a product of two thin matrices, by singular value decomposition
// of the dense ΔW (Eckart and Young: no other product of that rank is nearer).
import SVFTAdapters
import SVFTLayers
import SVFTTensor

/// ΔW of one projection, in canonical row order, and its best factors.
final class LowRankDelta {
  let projection: Projection
  let rows: Int
  let columns: Int
  /// [rows, columns], F32.
  let delta: Buffer
  private let svd: SVD
  /// [rank, columns] and [rows, rank] after `truncate`.
  private(set) var a: Buffer
  private(set) var b: Buffer

  /// Materialises scale · ΔW and decomposes it. Throws `.memory`, `.nonFinite`.
  init(
    of method: any AdapterMethod, _ projection: Projection, scale: Float
  ) throws(SVFTError) {
    self.projection = projection
    rows = projection.rows
    columns = projection.columns
    delta = try Buffer(of: Float.self, count: Checked.product(rows, columns, projection.name))
    guard let target = delta.values(Float.self).baseAddress else {
      throw SVFTError(.shape, "\(projection.name): expected a matrix, found none")
    }
    for row in 0..<rows {
      let stored = projection.weight.rowOrder.stored(row)
      try method.addDelta(
        projection, rows: stored..<stored + 1, scale: scale, to: target + row * columns)
    }
    svd = try SVD.thin(target, rows: rows, columns: columns)
    a = delta
    b = delta
  }

  /// The rank beyond which nothing but rounding is left, at most 256.
  var exactRank: Int {
    let floor = (svd.sigma.first ?? 0) * 1e-6
    return min(256, max(1, svd.sigma.count { $0 > floor }))
  }

  /// Makes the factors of this rank (zero-padded beyond the matrix's own); returns the share of
  /// ‖ΔW‖² left out.
  func truncate(to rank: Int) throws(SVFTError) -> Double {
    let n = svd.sigma.count
    a = try Buffer(of: Float.self, count: Checked.product(rank, columns, projection.name))
    b = try Buffer(of: Float.self, count: Checked.product(rows, rank, projection.name))
    let (u, vt) = (svd.u.values(Float.self), svd.vt.values(Float.self))
    for k in 0..<min(rank, n) {
      for column in 0..<columns {
        a.values(Float.self)[k * columns + column] = vt[k * columns + column]
      }
      for row in 0..<rows {
        b.values(Float.self)[row * rank + k] = u[row * n + k] * Float(svd.sigma[k])
      }
    }
    let total = svd.sigma.reduce(0) { $0 + $1 * $1 }
    let kept = svd.sigma.prefix(rank).reduce(0) { $0 + $1 * $1 }
    return total > 0 ? max(0, 1 - kept / total) : 0
  }

  /// B with its rows in another order than the canonical one.
  func permutedB(_ rank: Int, _ order: RowOrder) throws(SVFTError) -> Buffer {
    guard order != .canonical else { return b }
    let result = try Buffer(of: Float.self, count: rows * rank)
    for row in 0..<rows {
      let target = order.stored(row)
      for k in 0..<rank {
        result.values(Float.self)[target * rank + k] = b.values(Float.self)[row * rank + k]
      }
    }
    return result
  }
}
