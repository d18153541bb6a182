// Rows brought to length one, as sentence embeddings are compared.
//
//   forward   r[t] = 1 / max(‖x[t]‖, 1e-12)      y = x · r
//   backward  dx = r · (dy − y · Σ_k dy·y)        where ‖x‖ > 1e-12, else dx = r · dy
//
// Keeps y and r, one number per row.
import SVFTTensor

/// y = x / ‖x‖.
final class Normalize: Op {
  private static let smallest = 1e-12
  private let x: Value
  private let y: Value
  private let inverse: Value

  init(_ x: Value, _ y: Value, inverse: Value) {
    self.x = x
    self.y = y
    self.inverse = inverse
  }

  var reads: [Value] { [x] }
  var writes: [Value] { [y, inverse] }
  var keeps: [Value] { [y, inverse] }

  func forward(_ run: Run) {
    let width = x.width
    let (x, y, inverse) = (run.pointer(x), run.pointer(y), run.pointer(inverse))
    for row in run.team.share(of: run.rows) {
      let (x, y) = (x + row * width, y + row * width)
      let length = Kernels.sumOfSquares(x, count: width).squareRoot()
      let r = Float(1 / max(length, Normalize.smallest))
      Kernels.scale(x, by: r, into: y, count: width)
      inverse[row] = r
    }
  }

  func backward(_ run: Run) {
    guard let g = run.gradient(y), let target = run.target(0) else { return }
    let width = x.width
    let (y, inverse) = (run.pointer(y), run.pointer(inverse))
    for row in run.team.share(of: run.rows) {
      let (y, g, dx) = (y + row * width, g + row * width, target.pointer + row * width)
      let r = inverse[row]
      // At the smallest length the divisor is a constant.
      let isConstant = r >= Float(1 / Normalize.smallest)
      let along = isConstant ? 0 : Kernels.dot(g, y, count: width)
      for k in 0..<width {
        dx[k] = (target.accumulate ? dx[k] : 0) + r * (g[k] - y[k] * along)
      }
    }
  }
}

extension Graph {
  /// Records x / max(‖x‖, 1e-12) of each row. [T, width]
  package func normalize(_ x: Value) -> Value {
    let y = value(width: x.width)
    record(Normalize(x, y, inverse: value(width: 1)))
    return y
  }
}
