// The directions of one side of a matrix, in runs of different precision:
//
//   B [n, width]     row i is v_iᵀ, or u_iᵀ
//   inward           z = B x       [T, width] → [T, n]
//   outward          y = Bᵀ z      [T, n] → [T, width]
//
// Runs follow each other: rounded directions first, then those that rounding would spoil, in F32.
// U as solvers give it [width, n] has its directions in columns: such a matrix is one run, turned.
import SVFTLayers
import SVFTTensor

/// Singular directions of one side, and the products with them.
struct Directions: Sendable {
  /// How many they are.
  let order: Int
  /// Numbers of each.
  let width: Int
  private let runs: [Weight]
  private let isTurned: Bool

  /// Directions that are the rows of matrices of one width, one matrix after the other.
  init(rows runs: [Weight]) {
    self.runs = runs
    isTurned = false
    order = runs.reduce(0) { $0 + $1.rows }
    width = runs.first?.columns ?? 0
  }

  /// Directions that are the columns of one matrix.
  init(columns matrix: Weight) {
    runs = [matrix]
    isTurned = true
    (order, width) = (matrix.columns, matrix.rows)
  }

  private init(_ runs: [Weight], like other: Directions) {
    self.runs = runs
    (order, width, isTurned) = (other.order, other.width, other.isTurned)
  }

  /// The same directions, rounded to BF16 in products of training.
  ///
  /// Throws nothing that `Weight` has not thrown before.
  func roundedInTraining() throws(SVFTError) -> Directions {
    var rounded: [Weight] = []
    for run in runs { rounded.append(try run.training(inBF16: true)) }
    return Directions(rounded, like: self)
  }

  /// Scratch of each member in a product.
  var scratchBytes: Int { runs.map(\.scratchBytes).max() ?? 0 }
  var byteCount: Int { runs.reduce(0) { $0 + $1.bytes.byteCount } }

  /// A product of some rows of activations.
  struct Product {
    let source: UnsafePointer<Float>
    let target: UnsafeMutablePointer<Float>
    let tokens: Int
    /// Adds to what is there.
    var accumulate = false
    let team: Team
    let scratch: UnsafeMutableRawPointer
    /// How a run is multiplied: as it is, or in the precision of a step.
    var matrix: (Weight) -> Kernels.StoredMatrix = { $0.matrix }
  }

  /// This member's part of B x, for all tokens.
  func inward(_ product: Product) {
    let update = Kernels.Update(accumulate: product.accumulate)
    if isTurned { return transposed(runs[0], product, offset: 0, update) }
    var offset = 0
    for run in runs {
      plain(run, product, offset: offset, update)
      offset += run.rows
    }
  }

  /// This member's part of Bᵀ z, for all tokens.
  func outward(_ product: Product) {
    if isTurned {
      return plain(runs[0], product, offset: 0, Kernels.Update(accumulate: product.accumulate))
    }
    var offset = 0
    for run in runs {
      // Every run writes to the same columns, and a member's columns are the same for all runs.
      transposed(
        run, product, offset: offset,
        Kernels.Update(accumulate: product.accumulate || offset > 0))
      offset += run.rows
    }
  }

  /// Rows of `run` times the source, to `offset` of the target's rows.
  private func plain(_ run: Weight, _ product: Product, offset: Int, _ update: Kernels.Update) {
    product.matrix(run).product(
      rows: run.rows(of: product.team), product.source, tokens: product.tokens,
      into: product.target + offset, ldy: isTurned ? width : order, update,
      scratch: product.scratch)
  }

  /// Columns of `run` over the source's rows from `offset` on.
  private func transposed(
    _ run: Weight, _ product: Product, offset: Int, _ update: Kernels.Update
  ) {
    product.matrix(run).transposedProduct(
      columns: run.columns(of: product.team), product.source + offset,
      ldg: isTurned ? width : order, tokens: product.tokens, into: product.target,
      ldx: isTurned ? order : width, update, scratch: product.scratch)
  }

  /// Direction `index` in F32, to [width].
  func decode(_ index: Int, into target: UnsafeMutablePointer<Float>) {
    if isTurned {
      let values = runs[0].bytes.values(Float.self)
      for row in 0..<width { target[row] = values[row * order + index] }
      return
    }
    var place = index
    for run in runs {
      if place < run.rows { return run.decode(rows: place..<place + 1, into: target) }
      place -= run.rows
    }
  }

  /// All directions in F32, [order, width].
  ///
  /// Throws `.memory`.
  func decoded() throws(SVFTError) -> Buffer {
    let buffer = try Buffer(
      of: Float.self, count: Checked.product(order, width, "decoded directions"))
    guard !MemoryLedger.isRehearsing else { return buffer }
    let target = buffer.pointer.assumingMemoryBound(to: Float.self)
    for index in 0..<order { decode(index, into: target + index * width) }
    return buffer
  }
}
