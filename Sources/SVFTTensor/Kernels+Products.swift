// Products of F32 matrices: C (+)= alpha·A·B in every orientation, and the gradient of a weight.
//
// All of them need `scratchBytes` of scratch. Splitting rows or columns over threads changes no
// bit.
import CKernels

extension Kernels {
  /// An F32 matrix as it lies: value (i, j) at pointer[i·rowStride + j·columnStride].
  package struct Matrix {
    package let pointer: UnsafePointer<Float>
    package let rowStride: Int
    package let columnStride: Int
    /// Whether it lies in the tiles of `roundTile` instead, for products of a stored matrix.
    let isInTiles: Bool

    package init(
      _ pointer: UnsafePointer<Float>, rowStride: Int, columnStride: Int = 1
    ) {
      self.init(pointer, rowStride: rowStride, columnStride: columnStride, isInTiles: false)
    }

    init(
      _ pointer: UnsafePointer<Float>, rowStride: Int, columnStride: Int = 1, isInTiles: Bool
    ) {
      self.pointer = pointer
      self.rowStride = rowStride
      self.columnStride = columnStride
      self.isInTiles = isInTiles
    }

    /// Rows and columns exchanged; nothing moves.
    package var transposed: Matrix {
      Matrix(pointer, rowStride: columnStride, columnStride: rowStride)
    }

    var value: svk_matrix {
      svk_matrix(
        a: pointer, row_stride: Int64(rowStride), column_stride: Int64(columnStride),
        in_tiles: isInTiles ? 1 : 0)
    }
  }

  /// C[i·ldc + j] (+)= alpha·Σ_p A[i, p]·B[p, j] for i < rows, j < columns, p < inner.
  /// A has any strides; one stride of B is 1. `inBF16` rounds both sides and adds in F32 where the
  /// processor has instructions for that; then one stride of A is 1 too.
  package static func multiply(
    rows: Int, columns: Int, inner: Int, _ a: Matrix, _ b: Matrix,
    into c: UnsafeMutablePointer<Float>, ldc: Int, _ update: Update = Update(),
    inBF16: Bool = false, scratch: UnsafeMutableRawPointer
  ) {
    svk_gemm_f32(
      Int64(rows), Int64(columns), Int64(inner), a.value, b.value, c, Int64(ldc), update.value,
      inBF16 ? 1 : 0, scratch)
  }

  /// Floats for each of `tokens` rows of activations in tiles.
  package static func tiledWidth(_ columns: Int) -> Int { (columns + 1) / 2 }

  /// Tiles of `tokens` rows of activations.
  package static func tileCount(_ tokens: Int) -> Int {
    (tokens + Int(SVK_TILE) - 1) / Int(SVK_TILE)
  }

  /// Rounds one tile of `x` [tokens, columns] to BF16, into its place in `target`, where tokens
  /// have `tiledWidth(columns)` floats each.
  ///
  /// Products of a matrix with `tiledFrom` read them.
  package static func roundTile(
    _ tile: Int, of x: UnsafePointer<Float>, tokens: Int, columns: Int,
    into target: UnsafeMutablePointer<Float>
  ) {
    svk_round_tile(x, Int64(columns), Int64(tokens), Int64(columns), Int64(tile), target)
  }

  /// dW[r·ldw + k] += scale·Σ_t g[t·ldg + r]·x[t·ldx + k] for rows `rows` and columns `columns`.
  package static func outerAccumulate(
    _ g: UnsafePointer<Float>, ldg: Int, _ x: UnsafePointer<Float>, ldx: Int, tokens: Int,
    rows: Range<Int>, columns: Range<Int>, scale: Float = 1,
    into target: UnsafeMutablePointer<Float>, ldw: Int, inBF16: Bool = false,
    scratch: UnsafeMutableRawPointer
  ) {
    multiply(
      rows: rows.count, columns: columns.count, inner: tokens,
      Matrix(g + rows.lowerBound, rowStride: 1, columnStride: ldg),
      Matrix(x + columns.lowerBound, rowStride: ldx),
      into: target + rows.lowerBound * ldw + columns.lowerBound, ldc: ldw,
      Update(alpha: scale, accumulate: true),
      inBF16: inBF16, scratch: scratch)
  }
}
