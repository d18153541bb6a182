// Products with a sparse n × n matrix M, split over a team:
//
//   forward   y[t, i]  = Σ_j M_ij x[t, j]        backward  dx[t, j] = Σ_i M_ij g[t, i]
//   gradient  dM_ij   += Σ_t g[t, i] x[t, j]
//
// A member computes whole panels of tokens (products) or whole rows of M (gradient), tokens always
// in order, so that any team gives the same bits. The arithmetic is `Kernels+Sparse`'s.
package import SVFTTensor

/// A sparse matrix at work: its cells, and their values as they are now.
package struct SparseProduct {
  private typealias Matrix = Kernels.SparseMatrix
  /// Panels that are turned before rows of the gradient are computed; bounds the scratch.
  private static let panelsAtOnce = 16
  /// Rows of M per chunk of the gradient.
  private static let rowChunk = 32

  private let matrix: Kernels.SparseMatrix?

  /// `values` are those of the pattern's cells, in order; they may change between calls.
  package init(pattern: SparsityPattern, values: UnsafeMutableBufferPointer<Float>) {
    guard let starts = pattern.starts.baseAddress, let columns = pattern.columns.baseAddress,
      let values = values.baseAddress
    else {
      matrix = nil
      return
    }
    matrix = Matrix(order: pattern.order, starts: starts, columns: columns, values: values)
  }

  /// Bytes of scratch of each member, for the products.
  package static func memberScratch(order: Int) -> Int {
    2 * Matrix.panelCount(order: order) * MemoryLayout<Float>.stride
  }

  /// Bytes of scratch all members share, for the gradient of up to `rows` tokens.
  package static func sharedScratch(order: Int, rows: Int) -> Int {
    min(panelsAtOnce, panels(of: rows)) * memberScratch(order: order)
  }

  private static func panels(of tokens: Int) -> Int {
    (tokens + Matrix.panel - 1) / Matrix.panel
  }

  /// y = s·M x, or s·Mᵀ x, for this member's panels of `tokens` rows; added where `accumulate`.
  package func product(
    _ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>, transposed: Bool,
    scale: Float, accumulate: Bool, tokens: Int, team: Team, scratch: UnsafeMutableRawPointer
  ) {
    guard let matrix else { return }
    let panels = team.span(of: Self.panels(of: tokens))
    let first = panels.lowerBound * Matrix.panel
    let count = min(tokens, panels.upperBound * Matrix.panel) - first
    guard count > 0 else { return }
    Kernels.multiply(
      matrix, transposed: transposed, x + first * matrix.order, tokens: count,
      into: y + first * matrix.order, Kernels.Update(alpha: scale, accumulate: accumulate),
      scratch: scratch.assumingMemoryBound(to: Float.self))
  }

  /// dM += scale·Σ_t g[t]·x[t]ᵀ on the pattern's cells.
  ///
  /// All members must call it; it meets at barriers.
  package func accumulateGradient(
    _ g: UnsafePointer<Float>, _ x: UnsafePointer<Float>, scale: Float, tokens: Int,
    into gradient: UnsafeMutableBufferPointer<Float>, team: Team, scratch: UnsafeMutableRawPointer
  ) {
    guard let matrix, let gradient = gradient.baseAddress else { return }
    let (order, panels) = (matrix.order, Self.panels(of: tokens))
    let half = Matrix.panelCount(order: order)
    let turned = scratch.assumingMemoryBound(to: Float.self)
    let chunks = (order + Self.rowChunk - 1) / Self.rowChunk
    for start in stride(from: 0, to: panels, by: Self.panelsAtOnce) {
      let count = min(Self.panelsAtOnce, panels - start)
      for panel in team.share(of: count) {
        let first = (start + panel) * Matrix.panel
        let rows = min(Matrix.panel, tokens - first)
        let target = turned + 2 * panel * half
        Kernels.turnPanel(g + first * order, tokens: rows, order: order, into: target)
        Kernels.turnPanel(x + first * order, tokens: rows, order: order, into: target + half)
      }
      team.barrier()
      for chunk in team.share(of: chunks) {
        let rows = chunk * Self.rowChunk..<min(order, (chunk + 1) * Self.rowChunk)
        Kernels.accumulateGradient(
          matrix, rows: rows, turned, panels: count, alpha: scale, into: gradient)
      }
      team.barrier()
    }
  }
}
