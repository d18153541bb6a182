// One head of keys or values as attention reads it: a part of each row of a cache, in any element
// format, read and decoded once for all queries that share it.
//
//   scores[t, j] = scale·Σ_d q[t, d]·K[j, d]        out[t, d] (+)= Σ_j w[t, j]·V[j, d]
//
// The sums of a row and a query have the same order whatever stands beside them, and the same bits
// in any format as over decoded values in F32.
import CKernels

extension Kernels {
  /// `width` values (whole blocks) in each of `rows` rows, `rowBytes` apart.
  package struct Head {
    package let format: Format
    package let pointer: UnsafeRawPointer
    package let rowBytes: Int
    package let rows: Int
    package let width: Int

    package init(
      _ format: Format, _ pointer: UnsafeRawPointer, rowBytes: Int, rows: Int, width: Int
    ) {
      self.format = format
      self.pointer = pointer
      self.rowBytes = rowBytes
      self.rows = rows
      self.width = width
    }

    private var value: svk_head {
      svk_head(
        format: format.table, bytes: pointer, row_bytes: Int64(rowBytes), rows: Int64(rows),
        width: Int64(width))
    }

    /// scores[t·stride + j] = scale·Σ_d q[t, d]·K[j, d] for `count` queries, whose columns lie side
    /// by side.
    package func scores(
      of q: Matrix, count: Int, scale: Float, into scores: UnsafeMutablePointer<Float>,
      stride: Int
    ) {
      svk_head_scores(
        value, q.pointer, Int64(q.rowStride), Int64(count), scale, scores, Int64(stride))
    }

    /// out[t·stride + d] (+)= Σ_j w[t, j]·V[j, d] for `count` rows of weights.
    package func mix(
      _ weights: Matrix, count: Int, into out: UnsafeMutablePointer<Float>, stride: Int,
      accumulate: Bool
    ) {
      svk_head_mix(
        value, weights.pointer, Int64(weights.rowStride), Int64(count), out, Int64(stride),
        accumulate ? 1 : 0)
    }

    /// The rows as F32, dense [rows, width].
    package func decode(into target: UnsafeMutablePointer<Float>) {
      svk_head_decode(value, target)
    }
  }
}
