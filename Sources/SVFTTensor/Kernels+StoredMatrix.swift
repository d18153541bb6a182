// A matrix of some element format as the products take it, in one of two arrangements of the same
// bytes.
//
//   rows           one after the other, as files have them
//   strips         16 rows side by side, made unsigned, so that a vector lane is a row (strips.h):
//                  what integer products are fastest from; goes back into rows bit for bit
//   rowsAsStrips   rows that come into strips a few at a time while they are multiplied: the bits
//                  of strips, in little memory, and slower where there are few tokens
//
// Products with F32 activations are in F32, those of `inBF16` in BF16 where the processor can.
// This is a view: `Weight` owns the bytes. How rows are split over threads changes no bit.
import CKernels

extension Kernels {
  /// A view of a stored matrix [rows, columns], with its products.
  package struct StoredMatrix: @unchecked Sendable {
    /// The order of the bytes.
    package enum Arrangement: Sendable { case rows, strips, rowsAsStrips }

    package let rows: Int
    package let columns: Int
    package let arrangement: Arrangement
    /// Bytes of one row, in either arrangement.
    package let rowBytes: Int
    private var value: svk_weights

    /// A matrix at `pointer`; `columns` is a whole number of blocks.
    package init(
      _ format: any ElementFormat, _ pointer: UnsafeRawPointer, rows: Int, columns: Int,
      arrangement: Arrangement = .rows
    ) {
      self.rows = rows
      self.columns = columns
      self.arrangement = arrangement
      rowBytes = format.rowBytes(columns)
      value = svk_weights(
        format: format.kernels.table, bytes: pointer, rows: Int64(rows), columns: Int64(columns),
        arrangement: arrangement.code, rounds: 0)
    }

    /// The same matrix for products that round both sides to BF16, to nearest even, and add in F32,
    /// where the processor has instructions for that; elsewhere nothing changes.
    ///
    /// Up to three tokens are multiplied exactly with block-quantised rows, up to 32 with F32 and
    /// F16, up to 6 where codes are no whole numbers.
    package var inBF16: StoredMatrix {
      var other = self
      other.value.rounds = 1
      return other
    }

    /// Rows at which work on strips may be split.
    package static let stripRows = 16

    /// y[t·ldy + row] (+)= alpha·Σ_k W[row, k]·x[t, k] for rows `range` and tokens 0..<tokens.
    ///
    /// `x` is [tokens, columns] dense, or `inTiles` (`tiledFrom`), `y` is [tokens, ldy]. `scratch`
    /// holds `Kernels.scratchBytes(columns)` bytes, 64-byte aligned. A few tokens are summed in
    /// another order than many. But for rows, `range` begins at a multiple of 16.
    package func product(
      rows range: Range<Int>, _ x: UnsafePointer<Float>, tokens: Int, inTiles: Bool = false,
      into y: UnsafeMutablePointer<Float>, ldy: Int, _ update: Update = Update(),
      scratch: UnsafeMutableRawPointer
    ) {
      svk_product(
        value, Int64(range.lowerBound), Int64(range.upperBound),
        Matrix(x, rowStride: columns, isInTiles: inTiles).value, Int64(tokens), y, Int64(ldy),
        update.value, scratch)
    }

    /// From how many tokens on `product` reads activations `inTiles`; nil where it is not in BF16.
    package var tiledFrom: Int? {
      let tokens = Int(svk_tiled_from(value))
      return tokens > 0 ? tokens : nil
    }

    /// Columns that one part of a rounding takes: whole lines of every tile.
    private static let roundedColumns = 256

    /// Parts in which `tokens` rows of activations are rounded: pieces of tiles.
    package func roundingParts(tokens: Int) -> Int {
      let width = tileTokens(of: tokens)
      return (tokens + width - 1) / width * roundingPieces
    }

    private var roundingPieces: Int {
      (columns + Self.roundedColumns - 1) / Self.roundedColumns
    }

    /// Whether `integerProduct` takes tokens in tiles, not one by one.
    package var isInTiles: Bool { arrangement != .rows }

    /// Tokens that `integerProduct` takes together.
    private func tileTokens(of tokens: Int) -> Int { Int(svk_tile_tokens(value, Int64(tokens))) }

    /// Rounds one part of `x` [tokens, columns] to 8 bit, as Q8_0 does, into its place in
    /// `target`, where tokens have `Kernels.quantizedRowBytes(columns)` bytes each.
    package func round(
      part: Int, of x: UnsafePointer<Float>, tokens: Int, into target: UnsafeMutableRawPointer
    ) {
      let width = tileTokens(of: tokens)
      let token = part / roundingPieces * width
      let first = part % roundingPieces * Self.roundedColumns
      svk_quantize_tile(
        x + token * columns, Int64(columns), Int64(min(width, tokens - token)), Int64(first),
        Int64(min(columns, first + Self.roundedColumns)),
        target + token * Kernels.quantizedRowBytes(columns))
    }

    /// The same product with activations that `round` has rounded to 8 bit, for formats that
    /// take them.
    package func integerProduct(
      rows range: Range<Int>, _ x: UnsafeRawPointer, tokens: Int,
      into y: UnsafeMutablePointer<Float>, ldy: Int, scratch: UnsafeMutableRawPointer
    ) {
      svk_integer_product(
        value, Int64(range.lowerBound), Int64(range.upperBound), x, Int64(tokens), y, Int64(ldy),
        scratch)
    }

    /// dx[t, k] (+)= alpha·Σ_row W[row, k]·g[t·ldg + row] for columns `range` (whole blocks, or
    /// multiples of 32 where they are longer) and all rows; dx is [tokens, ldx].
    package func transposedProduct(
      columns range: Range<Int>, _ g: UnsafePointer<Float>, ldg: Int, tokens: Int,
      into dx: UnsafeMutablePointer<Float>, ldx: Int, _ update: Update = Update(),
      scratch: UnsafeMutableRawPointer
    ) {
      svk_transposed_product(
        value, Int64(range.lowerBound), Int64(range.upperBound), g, Int64(ldg), Int64(tokens), dx,
        Int64(ldx), update.value, scratch)
    }

    /// Decodes rows `range` to F32, dense [range.count, columns].
    package func decode(rows range: Range<Int>, into target: UnsafeMutablePointer<Float>) {
      svk_decode_rows(value, Int64(range.lowerBound), Int64(range.count), target)
    }

    /// The bytes of one row as files have them, `rowBytes` of them.
    package func copyRow(_ row: Int, into target: UnsafeMutableRawPointer) {
      svk_copy_row(value, Int64(row), target)
    }

    /// Rows `range` of this matrix, which is not in strips, into their place in strips at `target`,
    /// where a whole matrix has room.
    package func packStrips(rows range: Range<Int>, into target: UnsafeMutableRawPointer) {
      svk_pack_strips(value, Int64(range.lowerBound), Int64(range.upperBound), target)
    }
  }
}

extension Kernels.StoredMatrix.Arrangement {
  /// What kernels.h calls it.
  fileprivate var code: Int32 {
    switch self {
    case .rows: Int32(SVK_ROWS)
    case .strips: Int32(SVK_STRIPS)
    case .rowsAsStrips: Int32(SVK_ROWS_AS_STRIPS)
    }
  }
}
