// Some columns of a value, as a value of their own: the parts of a fused projection.
//
//   y[t, j·width + i] = x[t, first + j·stride + i]      j < count, i < width
//
// One block where the parts lie side by side (Phi-3, GPT-2), one per head where each head has its
// parts (GPT-NeoX). The gradient of columns that no part takes is zero.
package import SVFTTensor

/// Blocks of columns: `count` of `width` each, `stride` apart, from `first` on.
package struct ColumnBlocks: Sendable, Hashable {
  package let first: Int
  package let width: Int
  package let stride: Int
  package let count: Int

  package init(first: Int, width: Int, stride: Int = 0, count: Int = 1) {
    self.first = first
    self.width = width
    self.stride = stride
    self.count = count
  }

  /// Columns in all.
  var total: Int { width * count }
  /// One past the last column taken.
  var end: Int { first + stride * (count - 1) + width }
}

/// y = some columns of x.
final class Columns: RowOp {
  private let x: Value
  private let y: Value
  private let blocks: ColumnBlocks

  init(_ x: Value, _ y: Value, _ blocks: ColumnBlocks) {
    self.x = x
    self.y = y
    self.blocks = blocks
  }

  var reads: [Value] { [x] }
  var writes: [Value] { [y] }
  var keeps: [Value] { [] }

  func forward(_ run: Run, rows: StrideTo<Int>) {
    let (x, y) = (run.pointer(x), run.pointer(y))
    for row in rows {
      for block in 0..<blocks.count {
        (y + row * blocks.total + block * blocks.width).update(
          from: x + row * self.x.width + blocks.first + block * blocks.stride,
          count: blocks.width)
      }
    }
  }

  func backward(_ run: Run) {
    guard let g = run.gradient(y), let target = run.target(0) else { return }
    for row in run.team.share(of: run.rows) {
      let dx = target.pointer + row * x.width
      if !target.accumulate { dx.update(repeating: 0, count: x.width) }
      for block in 0..<blocks.count {
        Kernels.add(
          g + row * blocks.total + block * blocks.width,
          to: dx + blocks.first + block * blocks.stride, count: blocks.width)
      }
    }
  }
}

extension Graph {
  /// Records blocks of the columns of `x`.
  ///
  /// `.shape` where they are not all within it. [T, width] → [T, blocks.count · blocks.width]
  package func columns(_ x: Value, _ blocks: ColumnBlocks) throws(SVFTError) -> Value {
    guard blocks.first >= 0, blocks.width > 0, blocks.count > 0, blocks.stride >= 0,
      blocks.end <= x.width
    else {
      throw SVFTError(
        .shape,
        "expected columns within \(x.width), found \(blocks.count) blocks of \(blocks.width) from "
          + "\(blocks.first) on")
    }
    let y = value(width: blocks.total)
    record(Columns(x, y, blocks))
    return y
  }
}
