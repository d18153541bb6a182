// The gradient of block scales, on the way to the path that an adapter's own numbers get theirs by.
//
//   forward   y = p
//   backward  dp = g    ds_b += (S₀/S)_b Σ_{i in block b} D_i Q_i    D = gᵀ x, some rows at a time
//
// p, y [T, rows], x [T, columns]; x is kept.
import SVFTLayers
import SVFTTensor

/// y = p, whose gradient is that of the scales of Q as well.
final class ScaleGradient: Op {
  private let path: Value
  private let x: Value
  private let y: Value
  private let rounded: RoundedWeight
  private let scales: Parameter

  init(_ path: Value, _ x: Value, _ y: Value, _ rounded: RoundedWeight, _ scales: Parameter) {
    (self.path, self.x, self.y) = (path, x, y)
    self.rounded = rounded
    self.scales = scales
  }

  var reads: [Value] { [path, x] }
  var writes: [Value] { [y] }
  var keeps: [Value] { [x] }
  var parameters: [Parameter] { [scales] }
  /// Rows of D, then those of Q, then what the product needs.
  var memberScratch: Int { 2 * Self.blockBytes(x.width) + rounded.weight.scratchBytes }

  private static func blockBytes(_ columns: Int) -> Int {
    (Weight.rowChunk * columns * MemoryLayout<Float>.stride + 63) & ~63
  }

  func forward(_ run: Run) {
    for rows in run.blocks(of: run.rows, by: 16) {
      let start = rows.lowerBound * path.width
      (run.pointer(y) + start).update(
        from: run.pointer(path) + start, count: rows.count * path.width)
    }
  }

  func backward(_ run: Run) {
    guard let g = run.gradient(y) else { return }
    if let target = run.target(0) {
      for rows in run.blocks(of: run.rows, by: 16) {
        let (start, count) = (rows.lowerBound * path.width, rows.count * path.width)
        if target.accumulate {
          Kernels.add(g + start, to: target.pointer + start, count: count)
        } else {
          (target.pointer + start).update(from: g + start, count: count)
        }
      }
    }
    for chunk in run.team.share(of: rounded.weight.rowChunks) {
      add(rounded.weight.rows(ofChunk: chunk), g, run)
    }
  }

  private func add(_ rows: Range<Int>, _ g: UnsafePointer<Float>, _ run: Run) {
    let columns = x.width
    let d = run.scratch.assumingMemoryBound(to: Float.self)
    let values = (run.scratch + Self.blockBytes(columns)).assumingMemoryBound(to: Float.self)
    d.update(repeating: 0, count: rows.count * columns)
    Kernels.outerAccumulate(
      g + rows.lowerBound, ldg: path.width, run.pointer(x), ldx: columns, tokens: run.rows,
      rows: 0..<rows.count, columns: 0..<columns, into: d, ldw: columns,
      scratch: run.scratch + 2 * Self.blockBytes(columns))
    rounded.addGradients(rows, d, scratch: values)
  }
}
