// Eigenvectors of a symmetric matrix in float64: G = X diag(λ) Xᵀ, λ ascending, X orthonormal to
// rounding whatever G is.
//
//   G = Q T Qᵀ    LAPACK's dsytrd            X = Q Z    reflectors in blocks of 64, panels of X
//   T = Z λ Zᵀ    LAPACK's dstedc                       shared by a team
//
// The last step is ours: dormtr takes 0.76 s for n = 2048 where this takes 0.48 on one thread. The
// blocks and panels follow from the shape alone, so the bits do not depend on the team.
internal import CSystem

/// Memory for the eigenvectors of matrices of one order.
package struct SymmetricEigen {
  private static let block = 64
  private static let panel = 256

  private let order: Int
  private let threads: Int
  private let doubles: Buffer
  private let integers: Buffer
  private let workCount: Int
  /// [order], ascending, after `solve`.
  package let values: UnsafeMutablePointer<Double>
  private let offDiagonal: UnsafeMutablePointer<Double>
  private let scales: UnsafeMutablePointer<Double>
  /// A triangle [width, width] for each block of reflectors.
  private let triangles: UnsafeMutablePointer<Double>
  /// Two products [block, panel] for each thread.
  private let products: UnsafeMutablePointer<Double>
  private let work: UnsafeMutablePointer<Double>

  /// Throws `.memory`, `.limit`.
  package init(order: Int, threads: Int) throws(SVFTError) {
    self.order = order
    self.threads = min(threads, (order + Self.panel - 1) / Self.panel)
    let what = "the working memory of a decomposition"
    let square = try Checked.product(order, order, what)
    workCount = max(Self.block * order, 1 + 4 * order + square)
    let productCount = self.threads * 2 * Self.block * Self.panel
    let counts = [order, order, order, Self.block * order, productCount, workCount]
    doubles = try Buffer(of: Double.self, count: counts.reduce(0, +))
    integers = try Buffer(of: Int64.self, count: 3 + 5 * order)
    var starts: [UnsafeMutablePointer<Double>] = []
    var next = doubles.pointer.assumingMemoryBound(to: Double.self)
    for count in counts {
      starts.append(next)
      next += count
    }
    (values, offDiagonal, scales) = (starts[0], starts[1], starts[2])
    (triangles, products, work) = (starts[3], starts[4], starts[5])
  }

  /// Writes the eigenvectors of `matrix` [order, order] (lower half read, all destroyed) into the
  /// columns of `vectors`; false where LAPACK does not converge.
  ///
  /// Both are column-major with their columns side by side.
  package func solve(
    _ matrix: UnsafeMutablePointer<Double>, vectors: UnsafeMutablePointer<Double>
  ) -> Bool {
    let n = Int64(order)
    let size = Int64(workCount)
    guard svs_tridiagonalize(n, matrix, values, offDiagonal, scales, work, size) == 0 else {
      return false
    }
    let integers = integers.values(Int64.self)
    guard
      svs_tridiagonal_vectors(
        n, values, offDiagonal, vectors, work, size, integers.baseAddress,
        Int64(3 + 5 * order)) == 0
    else { return false }
    let blocks = Array(stride(from: 0, to: order - 1, by: Self.block))
    for first in blocks { makeExplicit(matrix, first) }
    let panels = (order + Self.panel - 1) / Self.panel
    Parallel.run(threads: threads) { team in
      for panel in team.share(of: panels) {
        let columns = panel * Self.panel..<min(order, (panel + 1) * Self.panel)
        for first in blocks.reversed() {
          apply(matrix, first, to: vectors, columns, member: team.id)
        }
      }
    }
    return true
  }

  /// Columns of a block of reflectors that begins with reflector `first`.
  private func width(_ first: Int) -> Int { min(Self.block, order - 1 - first) }

  /// The reflectors of a block as they are multiplied with: ones on their diagonal, zeros above
  /// (where LAPACK keeps T, which has been read), and their triangle.
  private func makeExplicit(_ matrix: UnsafeMutablePointer<Double>, _ first: Int) {
    let start = matrix + first * order + first + 1
    let width = width(first)
    svs_reflectors(
      Int64(order - 1 - first), Int64(width), start, Int64(order), scales + first,
      triangles + first * Self.block)
    for column in 0..<width {
      for row in 0..<column { start[column * order + row] = 0 }
      start[column * order + column] = 1
    }
  }

  /// (I − V T Vᵀ) on some columns of the vectors.
  private func apply(
    _ matrix: UnsafeMutablePointer<Double>, _ first: Int,
    to vectors: UnsafeMutablePointer<Double>, _ columns: Range<Int>, member: Int
  ) {
    let (width, height) = (width(first), order - 1 - first)
    let reflectors = DenseMatrix(
      matrix + first * order + first + 1, rows: height, columns: width, leading: order)
    let triangle = DenseMatrix(triangles + first * Self.block, rows: width, columns: width)
    let target = DenseMatrix(vectors, rows: order, columns: order).columns(columns)
      .rows(first + 1..<order)
    let own = products + member * 2 * Self.block * Self.panel
    let inner = DenseMatrix(own, rows: width, columns: columns.count)
    let mixed = DenseMatrix(
      own + Self.block * Self.panel, rows: width, columns: columns.count)
    inner.multiply(reflectors.transposed, target)
    mixed.multiply(triangle, inner)
    target.multiply(reflectors, mixed, scale: -1, keep: 1)
  }
}
