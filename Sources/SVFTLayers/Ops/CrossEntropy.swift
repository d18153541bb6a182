// Cross-entropy of logits against one label per row: the loss of language models and classifiers.
//
//   forward   losses[t] = log Σ_k exp(logits[t, k]) − logits[t, label[t]]
//   backward  dlogits = (softmax(logits) − onehot(label)) · lossScale
//
// Keeps the logits only: log Σ exp is losses[t] + logits[t, label] again, in Double. Label -100
// counts nothing: loss 0, gradient 0. Other labels have been checked by who filled the batch; one
// outside the classes is treated as -100, so that memory stays safe.
import SVFTTensor

/// Loss of each row into `batch.losses`.
final class CrossEntropy: Op {
  /// Logits that are exponentiated at a time.
  private static let block = 1024
  private let logits: Value

  init(_ logits: Value) { self.logits = logits }

  var reads: [Value] { [logits] }
  var writes: [Value] { [] }
  var keeps: [Value] { [logits] }
  var overwritable: [Int] { [0] }
  var memberScratch: Int { CrossEntropy.block * MemoryLayout<Float>.stride }

  func forward(_ run: Run) {
    let classes = logits.width
    let logits = run.pointer(logits)
    let (labels, losses) = (run.batch.labels, run.batch.losses)
    for row in run.team.share(of: run.rows) {
      guard let label = Int(exactly: labels[row]), label >= 0, label < classes else {
        losses[row] = 0
        continue
      }
      let x = logits + row * classes
      losses[row] = Kernels.logSumExp(x, count: classes) - Double(x[label])
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
        Kernels.exp(x + start, minus: total, into: part, count: count)
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
