// How numbers lie in memory: one entry per format, plain (F32, F16, BF16) and block-quantised
// alike.
//
// A row of `columns` values is a whole number of blocks; a matrix is its rows one after the other
// without padding, exactly as safetensors and GGUF store it. Weights are multiplied as they lie.
//
// Adding a format = one file under Formats (layout in its top comment), one .c file in CKernels
// with its line in kernels.h, one line in `ElementFormats.all`. Nothing else in the tree names a
// format.

/// One element format: its names, and the kernels that know its layout.
package protocol ElementFormat: Sendable {
  /// Name as ggml and safetensors write it: "F32", "Q8_0".
  var name: String { get }
  /// The type id in GGUF files.
  var ggufType: UInt32 { get }
  /// The dtype string in safetensors files; nil where the format cannot be stored there.
  var safetensorsType: String? { get }
  /// Whether the default compute rounds activations to 8 bit before multiplying (the format's
  /// custom).
  var prefersIntegerActivations: Bool { get }
  /// Layout, codec and products in C.
  var kernels: Kernels.Format { get }
}

extension ElementFormat {
  /// Values per block. Plain formats have blocks of one.
  package var blockLength: Int { kernels.blockLength }
  /// Bytes per block.
  package var blockBytes: Int { kernels.blockBytes }

  /// Whether a row of `columns` values is a whole number of blocks.
  package func fits(columns: Int) -> Bool { columns % blockLength == 0 }

  /// Bytes of one row of `columns` values.
  package func rowBytes(_ columns: Int) -> Int { columns / blockLength * blockBytes }

  /// Decodes `count` values (a multiple of the block length) to F32.
  package func decode(
    _ source: UnsafeRawPointer, count: Int, into target: UnsafeMutablePointer<Float>
  ) {
    kernels.decode(source, count: count, into: target)
  }

  /// Encodes `count` values (a multiple of the block length), bit-equal to ggml's reference
  /// encoder.
  package func encode(
    _ source: UnsafePointer<Float>, count: Int, into target: UnsafeMutableRawPointer
  ) {
    kernels.encode(source, count: count, into: target)
  }

  /// y[t·ldy + row] (+)= alpha·Σ_k W[row, k]·x[t, k] for rows `rows` and tokens 0..<tokens, in F32.
  ///
  /// `weights` is the first byte of the whole matrix, `columns` its row length, `x` is [tokens,
  /// columns] dense, `y` is [tokens, ldy]. `scratch` holds `productScratch(columns)` bytes, 64-byte
  /// aligned. How rows are split changes no bit; one to three tokens are summed in another order
  /// than many.
  package func product(
    _ weights: UnsafeRawPointer, rows: Range<Int>, columns: Int,
    _ x: UnsafePointer<Float>, tokens: Int,
    into y: UnsafeMutablePointer<Float>, ldy: Int, scratch: UnsafeMutableRawPointer,
    alpha: Float = 1, accumulate: Bool = false
  ) {
    kernels.product(
      weights, rows: rows, columns: columns, x, tokens: tokens, into: y, ldy: ldy,
      Kernels.Update(alpha: alpha, accumulate: accumulate), scratch: scratch)
  }

  /// The same product with activations that `Kernels.quantizeRows` has rounded to 8 bit.
  /// Called only where `prefersIntegerActivations`.
  package func integerProduct(
    _ weights: UnsafeRawPointer, rows: Range<Int>, columns: Int,
    _ x: UnsafeRawPointer, tokens: Int,
    into y: UnsafeMutablePointer<Float>, ldy: Int, scratch: UnsafeMutableRawPointer
  ) {
    kernels.integerProduct(
      weights, rows: rows, columns: columns, x, tokens: tokens, into: y, ldy: ldy,
      scratch: scratch)
  }

  /// dx[t, k] (+)= alpha·Σ_row W[row, k]·g[t·ldg + row] for columns `columns` (a whole number of
  /// blocks) and all `rows`; `accumulate` adds to what `dx` [tokens, ldx] holds.
  package func transposedProduct(
    _ weights: UnsafeRawPointer, rows: Int, rowLength: Int, columns: Range<Int>,
    _ g: UnsafePointer<Float>, ldg: Int, tokens: Int,
    into dx: UnsafeMutablePointer<Float>, ldx: Int, accumulate: Bool,
    scratch: UnsafeMutableRawPointer, alpha: Float = 1
  ) {
    kernels.transposedProduct(
      weights, rows: rows, rowLength: rowLength, columns: columns, g, ldg: ldg, tokens: tokens,
      into: dx, ldx: ldx, Kernels.Update(alpha: alpha, accumulate: accumulate), scratch: scratch)
  }

  /// Bytes of per-thread scratch that the three products may use for rows of this length.
  package func productScratch(_ innerLength: Int) -> Int { Kernels.scratchBytes(innerLength) }
}
