// Numbers inside the rounding cells of stored ones (CKernels/cells.c): what is trained where the
// result is rounded again. Counts are whole blocks.
import CKernels

extension Kernels.Format {
  /// Whether each block begins with one F16 scale of all its values.
  package var hasBlockScales: Bool { svk_has_block_scales(table) != 0 }

  /// The scale of the block at `block`.
  package func scale(of block: UnsafeRawPointer) -> Float {
    var scale: Float = 0
    Self.f16.decode(block, count: 1, into: &scale)
    return scale
  }

  /// Gives the block at `block` another scale, rounded to F16.
  package func setScale(_ scale: Float, of block: UnsafeMutableRawPointer) {
    var scale = scale
    Self.f16.encode(&scale, importance: nil, count: 1, into: block)
  }

  /// Encodes `count` values with the scales that the blocks at `target` have already: codes alone
  /// change. Formats without scales encode as ever.
  package func recode(
    _ source: UnsafePointer<Float>, count: Int, into target: UnsafeMutableRawPointer
  ) {
    svk_recode(table, source, Int64(count), target)
  }

  /// Moves each of `values` into the cell of its place in `codes`, so that `recode` gives `codes`.
  ///
  /// Returns how many lay more than a cell away, where no encoder puts a number.
  package func clamp(
    _ values: UnsafeMutablePointer<Float>, toCellsOf codes: UnsafeRawPointer, count: Int
  ) -> Int {
    Int(svk_clamp_to_cells(table, codes, Int64(count), values))
  }

  /// A number in each cell of `codes`, where the random byte of its place says.
  package func spread(
    inCellsOf codes: UnsafeRawPointer, count: Int, random: UnsafePointer<UInt8>,
    into values: UnsafeMutablePointer<Float>
  ) {
    svk_spread_in_cells(table, codes, Int64(count), random, values)
  }
}
