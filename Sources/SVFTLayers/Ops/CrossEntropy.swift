// Cross-entropy of logits against one label per row: the loss of language models and classifiers.
//
//   forward   losses[t] = log Σ_k exp(logits[t, k]) − logits[t, label[t]]
//   backward  dlogits = (softmax(logits) − onehot(label)) · lossScale
//
// Keeps the logits only: log Σ exp is losses[t] + logits[t, label] again, in Double. Label -100
// counts nothing: loss 0, gradient 0. Other labels have been checked by who filled the batch; one
// outside the classes is treated as -100, so that memory stays safe.
import SVFTTensor

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Loss of each row into `batch.losses`.
final class CrossEntropy: Op {
  /// Logits that are exponentiated at a time.
  private static let block = 1024
  private let logits: Value

  init(_ logits: Value) { self.logits = logits }

  var reads: [Value] { [logits] }
  var writes: [Value] { [] }
  var keeps: [Value] { [logits] }
  var memberScratch: Int { CrossEntropy.block * MemoryLayout<Float>.stride }

  /// part[k] = exp(x[k] − shift).
  private func exponentials(
    _ x: UnsafePointer<Float>, minus shift: Float, count: Int,
    into part: UnsafeMutablePointer<Float>
  ) {
    for k in 0..<count { part[k] = x[k] - shift }
    Kernels.exp(part, into: part, count: count)
  }

  /// The largest of `count` numbers, eight at a time.
  private static func largest(_ x: UnsafePointer<Float>, count: Int) -> Float {
    var lanes = SIMD8<Float>(repeating: -.infinity)
    let whole = count / 8 * 8
    for k in stride(from: 0, to: whole, by: 8) {
      let next = UnsafeRawPointer(x + k).loadUnaligned(as: SIMD8<Float>.self)
      lanes.replace(with: next, where: next .> lanes)
    }
    var result = lanes.max()
    for k in whole..<count where x[k] > result { result = x[k] }
    return result
  }

  func forward(_ run: Run) {
    let classes = logits.width
    let logits = run.pointer(logits)
    let (labels, losses) = (run.batch.labels, run.batch.losses)
    let part = run.scratch.assumingMemoryBound(to: Float.self)
    for row in run.team.share(of: run.rows) {
      guard let label = Int(exactly: labels[row]), label >= 0, label < classes else {
        losses[row] = 0
        continue
      }
      let x = logits + row * classes
      let largest = CrossEntropy.largest(x, count: classes)
      var sum = 0.0
      for start in stride(from: 0, to: classes, by: CrossEntropy.block) {
        let count = min(CrossEntropy.block, classes - start)
        exponentials(x + start, minus: largest, count: count, into: part)
        sum += Kernels.sum(part, count: count)
      }
      losses[row] = Double(largest) + log(sum) - Double(x[label])
    }
  }

  func backward(_ run: Run) {
    guard let target = run.target(0) else { return }
    let classes = logits.width
    let logits = run.pointer(logits)
    let (labels, losses, scale) = (run.batch.labels, run.batch.losses, run.batch.lossScale)
    let part = run.scratch.assumingMemoryBound(to: Float.self)
    for row in run.team.share(of: run.rows) {
      let (x, dx) = (logits + row * classes, target.pointer + row * classes)
      let label = Int(labels[row])
      guard label >= 0, label < classes else {
        if !target.accumulate { dx.update(repeating: 0, count: classes) }
        continue
      }
      let total = Float(losses[row] + Double(x[label]))
      for start in stride(from: 0, to: classes, by: CrossEntropy.block) {
        let count = min(CrossEntropy.block, classes - start)
        exponentials(x + start, minus: total, count: count, into: part)
        if target.accumulate {
          Kernels.add(part, times: scale, to: dx + start, count: count)
        } else {
          Kernels.scale(part, by: scale, into: dx + start, count: count)
        }
      }
      dx[label] -= scale
    }
  }
}

extension Graph {
  /// Records the cross-entropy of logits [rows, classes] against `batch.labels`.
  package func crossEntropy(_ logits: Value) { record(CrossEntropy(logits)) }
}
