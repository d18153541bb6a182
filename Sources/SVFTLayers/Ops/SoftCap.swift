// Numbers that cannot leave ±c (Gemma 2, arXiv:2408.00118, section 2), as logits are capped.
//
//   forward  y = c · tanh(x / c)      backward  dx = dy · (1 − (y / c)²)
//
// Keeps y. Scores of attention are capped where they are computed (Attention+Cap.swift).
import SVFTTensor

/// y = c · tanh(x / c), elementwise.
final class SoftCap: Op {
  /// Numbers that one member handles at a time.
  private static let block = 1024
  private let x: Value
  private let y: Value
  private let cap: Float

  init(_ x: Value, _ y: Value, _ cap: Float) {
    self.x = x
    self.y = y
    self.cap = cap
  }

  var reads: [Value] { [x] }
  var writes: [Value] { [y] }
  var keeps: [Value] { [y] }
  var replaceable: [Int] { [0] }

  func forward(_ run: Run) {
    let (x, y) = (run.pointer(x), run.pointer(y))
    for range in run.blocks(of: run.rows * self.y.width, by: SoftCap.block) {
      let (from, to) = (x + range.lowerBound, y + range.lowerBound)
      Kernels.scale(from, by: 1 / cap, into: to, count: range.count)
      Kernels.apply(.tanh, to, into: to, count: range.count)
      Kernels.scale(to, by: cap, into: to, count: range.count)
    }
  }

  func backward(_ run: Run) {
    guard let g = run.gradient(y), let target = run.target(0) else { return }
    let y = run.pointer(y)
    for range in run.blocks(of: run.rows * self.y.width, by: SoftCap.block) {
      for index in range {
        let share = y[index] / cap
        let slope = g[index] * (1 - share * share)
        target.pointer[index] = target.accumulate ? target.pointer[index] + slope : slope
      }
    }
  }
}

extension Graph {
  /// Records c · tanh(x / c). [T, width]
  package func softCap(_ x: Value, at cap: Float) -> Value {
    let y = value(width: x.width)
    record(SoftCap(x, y, cap))
    return y
  }
}
