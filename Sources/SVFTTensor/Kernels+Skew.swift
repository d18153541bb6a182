// Numbers of relative positions along the diagonals of a block of scores.
import CKernels

extension Kernels {
  /// A block [rows, columns] whose pair (i, j) has one of `stride` places, by its distance i − j.
  package struct Skew {
    private let skew: svk_skew

    /// `places` has that of distance i − j at i − j + columns − 1, [rows + columns − 1].
    package init(rows: Int, columns: Int, places: UnsafePointer<Int32>, stride: Int) {
      skew = svk_skew(
        rows: Int64(rows), columns: Int64(columns), places: places, stride: Int64(stride))
    }

    /// scores[i, j] += byRow[i, place] + byColumn[j, place].
    ///
    /// Scores are [rows, lds], the others [rows, stride] and [columns, stride].
    package func add(
      byRow: UnsafePointer<Float>?, byColumn: UnsafePointer<Float>?,
      to scores: UnsafeMutablePointer<Float>, lds: Int
    ) {
      svk_skew_add(skew, byRow, byColumn, scores, Int64(lds))
    }

    /// byRow[i, place] += scores[i, j] and byColumn[j, place] += scores[i, j], in the order of the
    /// block.
    package func gather(
      _ scores: UnsafePointer<Float>, lds: Int, byRow: UnsafeMutablePointer<Float>?,
      byColumn: UnsafeMutablePointer<Float>?
    ) {
      svk_skew_gather(skew, scores, Int64(lds), byRow, byColumn)
    }
  }
}
