// Dropout (Srivastava et al., 2014) without a stored mask.
//
//   forward   y[i] = mask[i] · x[i] / (1 − p)      backward  dx[i] = mask[i] · dy[i] / (1 − p)
//
// mask[i] follows from (batch.randomKey, index of the op in its graph, i), so the backward pass
// computes the same one and the team's size does not matter. Outside training y = x; nothing is
// kept.
import SVFTTensor

/// y = x with a share of its numbers dropped and the others scaled up.
final class Dropout: Op {
  /// Numbers that one member handles at a time.
  private static let block = 1024
  private let x: Value
  private let y: Value
  private let probability: Float

  init(_ x: Value, _ y: Value, probability: Float) {
    self.x = x
    self.y = y
    self.probability = probability
  }

  var reads: [Value] { [x] }
  var writes: [Value] { [y] }
  var keeps: [Value] { [] }

  func forward(_ run: Run) {
    pass(run.pointer(x), into: run.pointer(y), accumulate: false, run)
  }

  func backward(_ run: Run) {
    guard let g = run.gradient(y), let dx = run.target(0) else { return }
    pass(g, into: dx.pointer, accumulate: dx.accumulate, run)
  }

  private func pass(
    _ x: UnsafeMutablePointer<Float>, into y: UnsafeMutablePointer<Float>, accumulate: Bool,
    _ run: Run
  ) {
    let mask = DropoutMask(
      probability: run.training ? probability : 0, key: run.batch.randomKey,
      stream: UInt64(truncatingIfNeeded: run.op))
    for range in run.blocks(of: run.rows * self.x.width, by: Dropout.block) {
      let start = range.lowerBound
      if run.training {
        mask.apply(
          x + start, first: start, count: range.count, into: y + start, accumulate: accumulate)
      } else if accumulate {
        Kernels.add(x + start, to: y + start, count: range.count)
      } else {
        (y + start).update(from: x + start, count: range.count)
      }
    }
  }
}

extension Graph {
  /// Records dropout of x with `probability` in 0 ..< 1; x itself in a graph that never trains. [T,
  /// width]
  package func dropout(_ x: Value, _ probability: Float) -> Value {
    guard training, probability > 0 else { return x }
    let y = value(width: x.width)
    record(Dropout(x, y, probability: probability))
    return y
  }
}
