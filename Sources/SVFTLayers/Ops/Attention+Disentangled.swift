// Scores that say apart what tokens hold and how far they lie from each other (He et al. 2021,
// DeBERTa, arXiv:2006.03654):
//
//   S_ij = scale · (q_i·k_j + q_i·K'[δ] + k_j·Q'[δ])           δ = the row of distance i − j
//   dC[i, r] = Σ_{δ(i−j) = r} dS_ij      dQ += dC K'           dK' += dCᵀ Q
//   dD[j, r] = the same                  dK += dD Q'           dQ' += dDᵀ K
//
// K' and Q' are a layer's keys and queries of positions, values with rows of their own. A block of
// scores meets the rows of its own distances alone, queries + keys − 1 at most: nothing of size
// T × T exists, nor of T × rows.
import SVFTTensor

/// What attention knows of relative positions; where both are nil, nothing.
package struct PositionTerms: Sendable {
  package let positions: RelativePositions
  /// K' [rows reached, heads · width], which queries meet.
  package let keys: Value?
  /// Q' [rows reached, heads · width], which keys meet.
  package let queries: Value?

  package init(_ positions: RelativePositions, keys: Value?, queries: Value?) {
    self.positions = positions
    self.keys = keys
    self.queries = queries
  }

  var reads: [Value] { [keys, queries].compactMap { $0 } }
}

extension Attention {
  /// A block of queries and keys of one head; ranges count from the sequence's first token.
  struct Tile {
    let queries: Range<Int>
    let keys: Range<Int>
    let head: Int
    let q: Kernels.Matrix
    let k: Kernels.Matrix

    /// The same queries with the keys from `start` on, `count` at most.
    func keys(from start: Int, count: Int) -> Tile {
      let part = start..<min(keys.upperBound, start + count)
      let skipped = (start - keys.lowerBound) * k.rowStride
      return Tile(
        queries: queries, keys: part, head: head, q: q,
        k: Kernels.Matrix(k.pointer + skipped, rowStride: k.rowStride))
    }
  }

  /// Keys of one step of the forward pass: with more, most of what keys meet is of no use.
  private static let tileKeys = 64
  /// Places of one tile's distances, rounded up.
  private static let tilePlaces = 2 * gradientBlock
  private static let productBytes = gradientBlock * tilePlaces * MemoryLayout<Float>.stride

  /// Bytes for products of a tile with the rows of its distances, and their places.
  var relationBytes: Int {
    relation == nil
      ? 0 : 2 * Attention.productBytes + Attention.tilePlaces * MemoryLayout<Int32>.stride
  }

  /// A member's scratch for one tile.
  private struct Workspace {
    let byQuery: UnsafeMutablePointer<Float>
    let byKey: UnsafeMutablePointer<Float>
    let places: UnsafeMutablePointer<Int32>
    let products: UnsafeMutableRawPointer
  }

  private func workspace(_ run: Run) -> Workspace {
    let first = run.scratch + relationOffset
    let bytes = Attention.productBytes
    return Workspace(
      byQuery: first.assumingMemoryBound(to: Float.self),
      byKey: (first + bytes).assumingMemoryBound(to: Float.self),
      places: (first + 2 * bytes).assumingMemoryBound(to: Int32.self),
      products: run.scratch + 2 * Attention.scoreBytes)
  }

  /// Fills in the places of a tile's distances and returns the rows they lie in, counted from the
  /// first that the step reaches.
  private func places(
    _ tile: Tile, _ positions: RelativePositions, _ workspace: Workspace, _ run: Run
  ) -> Range<Int> {
    let nearest = tile.queries.lowerBound - (tile.keys.upperBound - 1)
    let count = tile.queries.count + tile.keys.count - 1
    let (first, end) = (positions.row(nearest), positions.row(nearest + count - 1) + 1)
    for index in 0..<count {
      workspace.places[index] = Int32(truncatingIfNeeded: positions.row(nearest + index) - first)
    }
    let reached = positions.rows(in: run.batch).lowerBound
    return first - reached..<end - reached
  }

  /// One head of some rows of K' or Q'.
  private func matrix(_ value: Value, _ rows: Range<Int>, _ head: Int, _ run: Run)
    -> Kernels.Matrix
  {
    Kernels.Matrix(
      run.pointer(value) + rows.lowerBound * shape.queryWidth + head * shape.headWidth,
      rowStride: shape.queryWidth)
  }

  /// Adds the terms of positions to a tile of scores, where this attention has any.
  func relate(_ tile: Tile, _ scores: UnsafeMutablePointer<Float>, lds: Int, _ run: Run) {
    guard let relation else { return }
    let bounds = (tile.keys.lowerBound, tile.keys.upperBound)
    for start in stride(from: bounds.0, to: bounds.1, by: Attention.tileKeys) {
      let part = tile.keys(from: start, count: Attention.tileKeys)
      relate(part, relation, scores + start - bounds.0, lds: lds, run)
    }
  }

  private func relate(
    _ tile: Tile, _ relation: PositionTerms, _ scores: UnsafeMutablePointer<Float>, lds: Int,
    _ run: Run
  ) {
    let (workspace, inBF16) = (workspace(run), rounds(in: run.batch))
    let rows = places(tile, relation.positions, workspace, run)
    func meet(
      _ own: Kernels.Matrix, _ count: Int, _ value: Value?, into target: UnsafeMutablePointer<Float>
    ) -> UnsafePointer<Float>? {
      guard let value else { return nil }
      Kernels.multiply(
        rows: count, columns: rows.count, inner: shape.headWidth, own,
        matrix(value, rows, tile.head, run).transposed, into: target, ldc: Attention.tilePlaces,
        Kernels.Update(alpha: shape.scale), inBF16: inBF16, scratch: workspace.products)
      return UnsafePointer(target)
    }
    let byQuery = meet(tile.q, tile.queries.count, relation.keys, into: workspace.byQuery)
    let byKey = meet(tile.k, tile.keys.count, relation.queries, into: workspace.byKey)
    skew(tile, workspace).add(byRow: byQuery, byColumn: byKey, to: scores, lds: lds)
  }

  private func skew(_ tile: Tile, _ workspace: Workspace) -> Kernels.Skew {
    Kernels.Skew(
      rows: tile.queries.count, columns: tile.keys.count, places: workspace.places,
      stride: Attention.tilePlaces)
  }

  /// Where the gradient of one head's rows goes; nil where nobody needs it.
  struct TileTarget {
    let pointer: UnsafeMutablePointer<Float>?
    let stride: Int
  }

  /// One side of a tile on the way back: its rows, and dC or dD.
  private struct Side {
    let own: Kernels.Matrix
    let count: Int
    let dOwn: TileTarget
    let products: UnsafeMutablePointer<Float>
    /// K' or Q', and its place in `reads`.
    let value: Value
    let read: Int
  }

  /// Adds what a tile's gradient of scores, scale included, gives through the terms of positions.
  func passBackRelation(
    _ tile: Tile, _ dS: UnsafePointer<Float>, dQ: TileTarget, dK: TileTarget, _ run: Run
  ) {
    guard let relation else { return }
    let workspace = workspace(run)
    let rows = places(tile, relation.positions, workspace, run)
    var sides: [Side?] = [nil, nil]
    if let keys = relation.keys {
      sides[0] = Side(
        own: tile.q, count: tile.queries.count, dOwn: dQ, products: workspace.byQuery,
        value: keys, read: 3)
    }
    if let queries = relation.queries {
      sides[1] = Side(
        own: tile.k, count: tile.keys.count, dOwn: dK, products: workspace.byKey,
        value: queries, read: relation.keys == nil ? 3 : 4)
    }
    for side in sides {
      guard let side else { continue }
      side.products.update(repeating: 0, count: side.count * Attention.tilePlaces)
    }
    skew(tile, workspace).gather(
      dS, lds: Attention.gradientBlock, byRow: sides[0]?.products, byColumn: sides[1]?.products)
    for side in sides {
      guard let side else { continue }
      passBack(side, rows, head: tile.head, run)
    }
  }

  private func passBack(_ side: Side, _ rows: Range<Int>, head: Int, _ run: Run) {
    let (width, inBF16) = (shape.headWidth, rounds(in: run.batch))
    let products = Kernels.Matrix(side.products, rowStride: Attention.tilePlaces)
    let scratch = workspace(run).products
    let add = Kernels.Update(accumulate: true)
    if let dOwn = side.dOwn.pointer {
      Kernels.multiply(
        rows: side.count, columns: width, inner: rows.count, products,
        matrix(side.value, rows, head, run), into: dOwn, ldc: side.dOwn.stride, add,
        inBF16: inBF16, scratch: scratch)
    }
    if let target = run.target(side.read) {
      let place = rows.lowerBound * shape.queryWidth + head * width
      Kernels.multiply(
        rows: rows.count, columns: width, inner: side.count, products.transposed, side.own,
        into: target.pointer + place, ldc: shape.queryWidth, add, inBF16: inBF16,
        scratch: scratch)
    }
  }

  /// Clears gradients of positions that nobody has written yet.
  func clearRelation(_ run: Run) {
    guard let relation else { return }
    let count = relation.positions.rows(in: run.batch).count
    for read in 3..<reads.count {
      guard let target = run.target(read), !target.accumulate else { continue }
      for row in run.team.share(of: count) {
        (target.pointer + row * shape.queryWidth).update(repeating: 0, count: shape.queryWidth)
      }
    }
  }
}
