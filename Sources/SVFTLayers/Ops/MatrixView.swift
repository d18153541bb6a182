// A matrix inside another, by strides, and the product of two such: what attention multiplies.
//
//   c[i, j] (+)= alpha · Σ_p a[i, p] · b[p, j]
//
// Frozen and trained weights have their own products in `Weight` and `ElementFormat`.
import SVFTTensor

/// Numbers at `pointer + i · rowStride + j · columnStride`.
struct MatrixView {
  let pointer: UnsafeMutablePointer<Float>
  let rowStride: Int
  let columnStride: Int

  /// Rows `stride` apart, columns side by side.
  init(_ pointer: UnsafeMutablePointer<Float>, _ stride: Int) {
    self.init(pointer, rowStride: stride, columnStride: 1)
  }

  private init(_ pointer: UnsafeMutablePointer<Float>, rowStride: Int, columnStride: Int) {
    self.pointer = pointer
    self.rowStride = rowStride
    self.columnStride = columnStride
  }

  var transposed: MatrixView {
    MatrixView(pointer, rowStride: columnStride, columnStride: rowStride)
  }

  func advanced(rows: Int) -> MatrixView {
    MatrixView(pointer + rows * rowStride, rowStride: rowStride, columnStride: columnStride)
  }

  /// What happens to the product and to what the target holds.
  struct Update {
    let alpha: Float
    let accumulate: Bool
  }

  /// Bytes of scratch `multiply` may use.
  static let productScratch = 64

  /// c = alpha · a b (+ c) with sizes (rows of a, columns of b, columns of a); rows of c are
  /// `stride` apart.
  static func multiply(
    _ size: (rows: Int, columns: Int, inner: Int), _ a: MatrixView, _ b: MatrixView,
    into c: UnsafeMutablePointer<Float>, stride: Int, _ update: Update,
    _ scratch: UnsafeMutableRawPointer
  ) {
    for i in 0..<size.rows {
      for j in 0..<size.columns {
        var sum: Float = 0
        for p in 0..<size.inner {
          sum +=
            a.pointer[i * a.rowStride + p * a.columnStride]
            * b.pointer[p * b.rowStride + j * b.columnStride]
        }
        c[i * stride + j] = (update.accumulate ? c[i * stride + j] : 0) + update.alpha * sum
      }
    }
  }
}
