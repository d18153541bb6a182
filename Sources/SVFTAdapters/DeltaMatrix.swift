// A dense F32 matrix in memory of its own, with the few operations that changes of weights need.
// Rows are canonical, as in files. Products are the kernels'; chunks of rows are fixed by the
// shape, so that any number of threads gives the same bits.
package import SVFTTensor

/// A matrix [rows, columns], row by row; empty ones are legal.
package struct DeltaMatrix: Sendable {
  package let rows: Int
  package let columns: Int
  /// The numbers.
  package let buffer: Buffer

  /// Rows that one thread multiplies at a time.
  private static let chunk = 64

  /// A matrix of zeros.
  ///
  /// Throws `.memory`, `.limit`.
  package init(rows: Int, columns: Int) throws(SVFTError) {
    self.rows = rows
    self.columns = columns
    let count = try Checked.product(rows, columns, "a matrix [\(rows), \(columns)]")
    buffer = try Buffer(of: Float.self, count: count)
  }

  /// The numbers of `buffer`, which is at least as long.
  package init(rows: Int, columns: Int, sharing buffer: Buffer) throws(SVFTError) {
    try invariant(
      buffer.byteCount >= rows * columns * 4, "\(buffer.byteCount) bytes for [\(rows), \(columns)]")
    self.rows = rows
    self.columns = columns
    self.buffer = buffer
  }

  /// Runs `body` on the numbers, which stay alive meanwhile.
  package func withValues<Result>(
    _ body: (UnsafeMutablePointer<Float>) throws(SVFTError) -> Result
  ) throws(SVFTError) -> Result {
    defer { withExtendedLifetime(buffer) {} }
    return try body(buffer.pointer.assumingMemoryBound(to: Float.self))
  }

  /// Σ of the squares, in Double.
  package func energy() -> Double {
    defer { withExtendedLifetime(buffer) {} }
    return Kernels.sumOfSquares(
      buffer.pointer.assumingMemoryBound(to: Float.self), count: rows * columns)
  }

  /// This matrix times `other`, or times its transpose.
  ///
  /// [m, k] × [k, n] → [m, n]. Throws `.memory`.
  package func times(
    _ other: DeltaMatrix, transposed: Bool = false, threads: Int = 1
  ) throws(SVFTError) -> DeltaMatrix {
    let width = transposed ? other.rows : other.columns
    let inner = transposed ? other.columns : other.rows
    try invariant(inner == columns, "[\(rows), \(columns)] times [\(inner), \(width)]")
    let result = try DeltaMatrix(rows: rows, columns: width)
    guard rows > 0, width > 0, inner > 0 else { return result }
    let chunks = (rows + Self.chunk - 1) / Self.chunk
    let team = max(1, min(threads, chunks))
    let part = (Kernels.scratchBytes(inner) + 63) & ~63
    let scratch = try Buffer(
      byteCount: Checked.product(team, part, "the scratch of a product"))
    try result.withValues { (c) throws(SVFTError) in
      try withValues { (a) throws(SVFTError) in
        try other.withValues { (b) throws(SVFTError) in
          let right = Kernels.Matrix(b, rowStride: other.columns)
          Parallel.run(threads: team) { member in
            for index in member.share(of: chunks) {
              let first = index * Self.chunk
              Kernels.multiply(
                rows: min(Self.chunk, rows - first), columns: width, inner: inner,
                Kernels.Matrix(a + first * inner, rowStride: inner),
                transposed ? right.transposed : right, into: c + first * width, ldc: width,
                scratch: scratch.pointer + member.id * part)
            }
          }
        }
      }
    }
    withExtendedLifetime(scratch) {}
    return result
  }

  /// A copy with row `row` where `place(row)` says.
  package func placingRows(_ place: (Int) -> Int) throws(SVFTError) -> DeltaMatrix {
    let result = try DeltaMatrix(rows: rows, columns: columns)
    try result.withValues { (to) throws(SVFTError) in
      try withValues { (from) throws(SVFTError) in
        for row in 0..<rows {
          (to + place(row) * columns).update(from: from + row * columns, count: columns)
        }
      }
    }
    return result
  }
}

extension DeltaMatrix {
  /// Puts factor · `part` with its first number at (row, column).
  func put(_ part: DeltaMatrix, row: Int, column: Int, times factor: Float) throws(SVFTError) {
    try withValues { (to) throws(SVFTError) in
      try part.withValues { (from) throws(SVFTError) in
        for index in 0..<part.rows {
          Kernels.scale(
            from + index * part.columns, by: factor,
            into: to + (row + index) * columns + column, count: part.columns)
        }
      }
    }
  }

  /// The transpose.
  ///
  /// Throws `.memory`.
  func transposed() throws(SVFTError) -> DeltaMatrix {
    try DeltaMatrix(
      rows: columns, columns: rows, sharing: buffer.transposed(rows: rows, columns: columns))
  }
}
