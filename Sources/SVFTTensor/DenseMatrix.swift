// Windows of matrices in somebody's memory, and their products: column-major with a distance
// between columns, read as they lie or transposed, so that a matrix and its transpose go the same
// ways through an algorithm.
//
// Products run on the calling thread. Those in float64 are LAPACK's library's, between
// svs_lapack_enter and svs_lapack_leave only; those in F32 are our own kernels', which know
// processors that an older library takes for the ones before them.
internal import CSystem

/// A matrix of somebody's numbers.
package struct DenseMatrix<Element> {
  package let start: UnsafeMutablePointer<Element>
  package let rows: Int
  package let columns: Int
  /// Numbers from one stored column to the next.
  let leading: Int
  /// Whether what is stored column by column is the transpose.
  let isTransposed: Bool

  /// A column-major matrix; `leading` nil where its columns lie side by side.
  package init(
    _ start: UnsafeMutablePointer<Element>, rows: Int, columns: Int, leading: Int? = nil
  ) {
    self.init(start, rows, columns, leading ?? max(1, rows), isTransposed: false)
  }

  private init(
    _ start: UnsafeMutablePointer<Element>, _ rows: Int, _ columns: Int, _ leading: Int,
    isTransposed: Bool
  ) {
    self.start = start
    self.rows = rows
    self.columns = columns
    self.leading = leading
    self.isTransposed = isTransposed
  }

  /// The same numbers, rows and columns exchanged.
  package var transposed: DenseMatrix {
    DenseMatrix(start, columns, rows, leading, isTransposed: !isTransposed)
  }

  /// Some of its columns.
  package func columns(_ range: Range<Int>) -> DenseMatrix {
    let offset = range.lowerBound * (isTransposed ? 1 : leading)
    return DenseMatrix(start + offset, rows, range.count, leading, isTransposed: isTransposed)
  }

  /// Some of its rows.
  package func rows(_ range: Range<Int>) -> DenseMatrix {
    transposed.columns(range).transposed
  }

  package subscript(row: Int, column: Int) -> Element {
    get { start[isTransposed ? row * leading + column : column * leading + row] }
    nonmutating set {
      start[isTransposed ? row * leading + column : column * leading + row] = newValue
    }
  }

  /// A matrix of this orientation in other memory, its stored columns side by side.
  func alike(_ start: UnsafeMutablePointer<Element>, rows: Int, columns: Int) -> DenseMatrix {
    isTransposed
      ? DenseMatrix(start, rows: columns, columns: rows).transposed
      : DenseMatrix(start, rows: rows, columns: columns)
  }

  /// Takes the numbers of a matrix of this shape.
  func copy(_ other: DenseMatrix) {
    guard isTransposed == other.isTransposed else {
      for row in 0..<rows { for column in 0..<columns { self[row, column] = other[row, column] } }
      return
    }
    let (width, height) = isTransposed ? (rows, columns) : (columns, rows)
    for line in 0..<width {
      (start + line * leading).update(from: other.start + line * other.leading, count: height)
    }
  }

  /// These numbers as a factor of a product.
  private var operand: svs_operand {
    svs_operand(values: start, leading: Int64(max(1, leading)), transposed: isTransposed ? 1 : 0)
  }

  /// What a product needs: the factors, exchanged where this matrix is read transposed.
  fileprivate func arranged(_ a: DenseMatrix, _ b: DenseMatrix) -> (svs_operand, svs_operand) {
    isTransposed
      ? (b.transposed.operand, a.transposed.operand) : (a.operand, b.operand)
  }

  fileprivate var storedShape: (Int64, Int64) {
    isTransposed ? (Int64(columns), Int64(rows)) : (Int64(rows), Int64(columns))
  }
}

extension DenseMatrix<Double> {
  /// This becomes scale · a · b + keep · this.
  package func multiply(_ a: Self, _ b: Self, scale: Double = 1, keep: Double = 0) {
    var (left, right) = arranged(a, b)
    let (m, n) = storedShape
    guard m > 0, n > 0 else { return }
    svs_gemm(&left, &right, start, Int64(leading), m, n, Int64(a.columns), scale, keep)
  }
}

extension DenseMatrix<Float> {
  /// This becomes scale · a · b, with `Kernels.scratchBytes(a.columns)` of scratch.
  package func multiply(
    _ a: Self, _ b: Self, scale: Float = 1, scratch: UnsafeMutableRawPointer
  ) {
    guard rows > 0, columns > 0 else { return }
    // A stored column is a row of what the kernels write.
    let (left, right) = isTransposed ? (a, b) : (b.transposed, a.transposed)
    Kernels.multiply(
      rows: isTransposed ? rows : columns, columns: isTransposed ? columns : rows,
      inner: a.columns, left.window, right.window, into: start, ldc: leading,
      Kernels.Update(alpha: scale), scratch: scratch)
  }

  /// The same numbers as kernels take them.
  private var window: Kernels.Matrix {
    isTransposed
      ? Kernels.Matrix(start, rowStride: leading)
      : Kernels.Matrix(start, rowStride: 1, columnStride: leading)
  }
}
