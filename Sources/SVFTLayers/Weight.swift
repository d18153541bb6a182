// A matrix of the checkpoint as it lies: format, rows, columns, bytes. Multiplied without being
// decoded as a whole.
//
//   product             y = W x    [T, rows]    = [T, columns] · Wᵀ
//   transposed product  dx = Wᵀ g  [T, columns] = [T, rows] · W
//
// Work is split into chunks of rows (or columns) fixed by the shape, so that any team gives the
// same bits. Chunks are small, because a matrix of a small model has few of them to share out.
package import SVFTTensor

/// An immutable matrix [rows, columns] in some element format.
///
/// Vectors are matrices of one row.
package final class Weight: Sendable {
  package let format: any ElementFormat
  package let rows: Int
  package let columns: Int
  /// The numbers: rows one after the other, without padding, or the same bytes in strips.
  package let bytes: Buffer
  /// The matrix as `bytes` has it.
  private let stored: Kernels.StoredMatrix
  /// The strips that rows come into later, where they do.
  package let strips: LateStrips?
  /// Whether training rounds these numbers to BF16 in products though their format has finer ones.
  package let trainsInBF16: Bool
  /// Whether products are in F32 in every step, whatever the format's custom.
  package let isExact: Bool

  /// Wraps `bytes`.
  ///
  /// Throws `.shape` unless they are exactly the matrix.
  package init(
    format: any ElementFormat, rows: Int, columns: Int, bytes: Buffer,
    arrangement: Kernels.StoredMatrix.Arrangement = .rows, trainsInBF16: Bool = false,
    strips: LateStrips? = nil, isExact: Bool = false
  ) throws(SVFTError) {
    guard rows > 0, columns > 0 else {
      throw SVFTError(
        .shape, "expected a matrix with rows and columns, found [\(rows), \(columns)]")
    }
    guard format.fits(columns: columns) else {
      throw SVFTError(
        .shape,
        "expected rows of whole \(format.name) blocks (\(format.blockLength) values), "
          + "found rows of \(columns)")
    }
    let expected = try Checked.product(rows, format.rowBytes(columns), "the size of a matrix")
    guard bytes.byteCount == expected else {
      throw SVFTError(
        .shape,
        "expected \(expected) bytes for \(format.name) [\(rows), \(columns)], "
          + "found \(bytes.byteCount)")
    }
    self.format = format
    self.rows = rows
    self.columns = columns
    self.bytes = bytes
    self.trainsInBF16 = trainsInBF16
    self.isExact = isExact
    self.strips = strips
    stored = Kernels.StoredMatrix(
      format, bytes.pointer, rows: rows, columns: columns, arrangement: arrangement)
  }

  /// The matrix with its products, as it lies now.
  package var matrix: Kernels.StoredMatrix { strips?.matrix ?? stored }

  /// The same bytes, rounded in products of training or not.
  ///
  /// Throws nothing that `init` has not thrown before.
  package func training(inBF16 rounds: Bool) throws(SVFTError) -> Weight {
    guard rounds != trainsInBF16 else { return self }
    return try Weight(
      format: format, rows: rows, columns: columns, bytes: bytes,
      arrangement: stored.arrangement, trainsInBF16: rounds, strips: strips)
  }

  /// The same bytes, multiplied in F32 in every step.
  ///
  /// Throws nothing that `init` has not thrown before.
  package func exactly() throws(SVFTError) -> Weight {
    try Weight(
      format: format, rows: rows, columns: columns, bytes: bytes,
      arrangement: stored.arrangement, strips: strips, isExact: true)
  }

  /// Input columns that one chunk computes: whole blocks, or parts of longer ones.
  package static let chunk = 32
  /// Output rows that one chunk computes: two strips, a panel of the dense product.
  package static let rowChunk = 32

  /// Chunks that a product is split into.
  package var rowChunks: Int { (rows + Weight.rowChunk - 1) / Weight.rowChunk }
  /// Chunks that a transposed product is split into.
  package var columnChunks: Int { (columns + Weight.chunk - 1) / Weight.chunk }

  /// Bytes of scratch that each member of a team needs for either product.
  package var scratchBytes: Int {
    max(format.productScratch(columns), format.productScratch(rows))
  }

  /// The rows of one chunk.
  package func rows(ofChunk chunk: Int) -> Range<Int> {
    chunk * Weight.rowChunk..<min(rows, (chunk + 1) * Weight.rowChunk)
  }

  /// The columns of one chunk.
  package func columns(ofChunk chunk: Int) -> Range<Int> {
    chunk * Weight.chunk..<min(columns, (chunk + 1) * Weight.chunk)
  }

  /// The rows that a member of a team computes: a run of whole chunks, maybe none.
  package func rows(of team: Team) -> Range<Int> {
    let chunks = team.span(of: rowChunks)
    return chunks.lowerBound * Weight.rowChunk..<min(rows, chunks.upperBound * Weight.rowChunk)
  }

  /// The columns that a member of a team computes: a run of whole chunks, maybe none.
  package func columns(of team: Team) -> Range<Int> {
    let chunks = team.span(of: columnChunks)
    return chunks.lowerBound * Weight.chunk..<min(columns, chunks.upperBound * Weight.chunk)
  }

  /// Decodes rows `range` to F32, dense [range.count, columns].
  package func decode(rows range: Range<Int>, into target: UnsafeMutablePointer<Float>) {
    matrix.decode(rows: range, into: target)
  }

  /// The whole matrix in F32, [rows, columns].
  ///
  /// Throws `.memory`.
  package func decoded() throws(SVFTError) -> Buffer {
    let values = try Buffer(
      of: Float.self, count: Checked.product(rows, columns, "a decoded matrix"))
    let target = values.values(Float.self)
    if let base = target.baseAddress { decode(rows: 0..<rows, into: base) }
    return values
  }
}
