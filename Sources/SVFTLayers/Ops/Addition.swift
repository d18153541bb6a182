// Sums of values and of a bias.
//
//   add       c = a + s·b      da = dc, db = s·dc
//   add bias  y[t, r] += b[r]  db[r] += Σ_t dy[t, r]
//
// Within lanes (Lane.swift) b is added to their rows alone.
import SVFTTensor

/// c = a + scale · b, elementwise.
final class Add: RowOp {
  /// Numbers that one member handles at a time.
  private static let block = 1024
  private let a: Value
  private let b: Value
  private let c: Value
  private let scale: Float
  private let scope: LaneScope?

  init(_ a: Value, _ b: Value, _ c: Value, scale: Float, _ scope: LaneScope?) {
    self.a = a
    self.b = b
    self.c = c
    self.scale = scale
    self.scope = scope
  }

  var reads: [Value] { [a, b] }
  var writes: [Value] { [c] }
  var keeps: [Value] { [] }
  var replaceable: [Int] { scope == nil && scale == 1 ? [0, 1] : [0] }
  var handedOn: [Int] { scale == 1 ? [0, 1] : [0] }

  func forward(_ run: Run, rows: StrideTo<Int>) {
    let (width, lanes) = (c.width, run.batch.lanes)
    for row in rows {
      let start = row * width
      if scope?.contains(lanes[row]) ?? true {
        add(start..<start + width, run)
      } else if run.pointer(c) != run.pointer(a) {
        (run.pointer(c) + start).update(from: run.pointer(a) + start, count: width)
      }
    }
  }

  /// Numbers `range` of c.
  private func add(_ range: Range<Int>, _ run: Run) {
    let start = range.lowerBound
    let (a, b, c) = (run.pointer(a) + start, run.pointer(b) + start, run.pointer(c) + start)
    if scale == 1 {
      Kernels.add(a, b, into: c, count: range.count)
    } else {
      if c != a { c.update(from: a, count: range.count) }
      Kernels.add(b, times: scale, to: c, count: range.count)
    }
  }

  func backward(_ run: Run) {
    guard let g = run.gradient(c) else { return }
    if let target = run.target(0) { pass(g, to: target, scale: 1, run) }
    if let target = run.target(1) { pass(g, to: target, scale: scale, run) }
  }

  private func pass(
    _ g: UnsafeMutablePointer<Float>, to target: GradientTarget, scale: Float, _ run: Run
  ) {
    guard target.pointer != g else { return }
    for range in run.blocks(of: run.rows * c.width, by: Add.block) {
      let start = range.lowerBound
      if target.accumulate {
        Kernels.add(g + start, times: scale, to: target.pointer + start, count: range.count)
      } else {
        Kernels.scale(g + start, by: scale, into: target.pointer + start, count: range.count)
      }
    }
  }
}

/// y = x + b with b the same for every row.
final class AddBias: RowOp {
  private let x: Value
  private let y: Value
  private let bias: VectorOperand

  init(_ x: Value, _ y: Value, _ bias: VectorOperand) {
    self.x = x
    self.y = y
    self.bias = bias
  }

  var reads: [Value] { [x] }
  var writes: [Value] { [y] }
  var keeps: [Value] { [] }
  var parameters: [Parameter] { [bias.trained].compactMap { $0 } }
  var memberScratch: Int { bias.scratchBytes }

  func forward(_ run: Run, rows: StrideTo<Int>) {
    let width = y.width
    let (x, y) = (run.pointer(x), run.pointer(y))
    let b = bias.values(run.scratch)
    for row in rows {
      Kernels.add(x + row * width, b, into: y + row * width, count: width)
    }
  }

  func backward(_ run: Run) {
    guard let g = run.gradient(y) else { return }
    let width = y.width
    if let dx = run.target(0) {
      for row in run.team.share(of: run.rows) {
        let target = dx.pointer + row * width
        if dx.accumulate {
          Kernels.add(g + row * width, to: target, count: width)
        } else {
          target.update(from: g + row * width, count: width)
        }
      }
    }
    guard let db = bias.gradient else { return }
    for columns in run.blocks(of: width, by: Weight.chunk) {
      for row in 0..<run.rows {
        Kernels.add(
          g + row * width + columns.lowerBound, to: db + columns.lowerBound, count: columns.count)
      }
    }
  }
}

extension Graph {
  /// Records a + scale · b; within lanes, a alone where a row is of none of them.
  ///
  /// Both [T, width].
  package func add(_ a: Value, _ b: Value, scale: Float = 1) -> Value {
    let c = value(width: a.width)
    record(Add(a, b, c, scale: scale, scope))
    return c
  }

  /// Records y + b. [T, width]
  package func addBias(_ y: Value, _ bias: Slot) -> Value {
    let z = value(width: y.width)
    record(AddBias(y, z, VectorOperand(bias)))
    return z
  }
}
