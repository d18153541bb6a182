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
  private let logits: Value

  init(_ logits: Value) { self.logits = logits }

  var reads: [Value] { [logits] }
  var writes: [Value] { [] }
  var keeps: [Value] { [logits] }

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
      var largest = x[0]
      for k in 1..<max(1, classes) where x[k] > largest { largest = x[k] }
      var sum = 0.0
      for k in 0..<classes { sum += Double(expf(x[k] - largest)) }
      losses[row] = Double(largest) + log(sum) - Double(x[label])
    }
  }

  func backward(_ run: Run) {
    guard let target = run.target(0) else { return }
    let classes = logits.width
    let logits = run.pointer(logits)
    let (labels, losses, scale) = (run.batch.labels, run.batch.losses, run.batch.lossScale)
    for row in run.team.share(of: run.rows) {
      let (x, dx) = (logits + row * classes, target.pointer + row * classes)
      let label = Int(labels[row])
      guard label >= 0, label < classes else {
        if !target.accumulate { dx.update(repeating: 0, count: classes) }
        continue
      }
      let total = Float(losses[row] + Double(x[label]))
      for k in 0..<classes {
        dx[k] = (target.accumulate ? dx[k] : 0) + expf(x[k] - total) * scale
      }
      dx[label] -= scale
    }
  }
}

extension Graph {
  /// Records the cross-entropy of logits [rows, classes] against `batch.labels`.
  package func crossEntropy(_ logits: Value) { record(CrossEntropy(logits)) }
}
