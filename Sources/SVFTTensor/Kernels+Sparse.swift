// Products with a sparse square matrix, and the gradient of its cells.
//
// Sixteen tokens are turned so that a cell is one vector operation whatever the pattern is. Any
// split of panels (products) or of M's rows (gradient) over threads gives the same bits.
import CKernels

extension Kernels {
  /// A sparse matrix with compressed rows: the cells of row i are starts[i] ..< starts[i + 1].
  package struct SparseMatrix {
    /// Tokens of a panel.
    package static let panel = 16

    package let order: Int
    private let starts: UnsafePointer<Int>
    private let columns: UnsafePointer<Int32>
    private let values: UnsafePointer<Float>

    /// `starts` are [order + 1]; the others one number a cell.
    package init(
      order: Int, starts: UnsafePointer<Int>, columns: UnsafePointer<Int32>,
      values: UnsafePointer<Float>
    ) {
      self.order = order
      self.starts = starts
      self.columns = columns
      self.values = values
    }

    /// Floats of one turned panel.
    package static func panelCount(order: Int) -> Int { panel * order }

    var value: svk_sparse {
      let starts = UnsafeRawPointer(starts).assumingMemoryBound(to: Int64.self)
      return svk_sparse(order: Int64(order), starts: starts, columns: columns, values: values)
    }
  }

  /// y[t] (+)= alpha·M x[t], or alpha·Mᵀ x[t], for `tokens` rows of the matrix's order.
  ///
  /// `scratch` holds two panels.
  package static func multiply(
    _ matrix: SparseMatrix, transposed: Bool, _ x: UnsafePointer<Float>, tokens: Int,
    into y: UnsafeMutablePointer<Float>, _ update: Update, scratch: UnsafeMutablePointer<Float>
  ) {
    svk_sparse_product(
      matrix.value, transposed ? 1 : 0, x, Int64(tokens), y, update.value, scratch)
  }

  /// panel[i·16 + t] = x[t·order + i]; zero for tokens from `tokens` to 16.
  package static func turnPanel(
    _ x: UnsafePointer<Float>, tokens: Int, order: Int, into panel: UnsafeMutablePointer<Float>
  ) {
    svk_turn_panel(x, Int64(order), Int64(tokens), Int64(order), panel)
  }

  /// gradient[cell] += alpha·Σ_t g[t, i]·x[t, j] for the cells (i, j) of rows `rows`.
  ///
  /// `turned` holds, per panel, g and then x as `turnPanel` leaves them.
  package static func accumulateGradient(
    _ matrix: SparseMatrix, rows: Range<Int>, _ turned: UnsafePointer<Float>, panels: Int,
    alpha: Float, into gradient: UnsafeMutablePointer<Float>
  ) {
    svk_sparse_gradient(
      matrix.value, Int64(rows.lowerBound), Int64(rows.upperBound), turned, Int64(panels), alpha,
      gradient)
  }
}
