// Losses of outputs that each have a target of their own: the mean over a row's cells.
//
//   forward   losses[t] = 1/n Σ_k loss(x, y),  x = outputs[t, k], y = targets[t, k]
//   backward  dx = slope(x, y) / n · lossScale
//
//   squared error          (x − y)²                                  2 · (x − y)
//   binary cross-entropy   max(x, 0) − x · y + log(1 + exp(−|x|))    sigmoid(x) − y
//
// as torch's mse_loss and binary_cross_entropy_with_logits. A row whose targets are not numbers
// counts nothing: loss 0, gradient 0. Keeps the outputs.
import SVFTTensor

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Loss of each row into `batch.losses`.
final class CellLoss: Op {
  /// What one cell adds.
  enum Rule {
    case squaredError
    case binaryCrossEntropy

    func loss(_ output: Double, _ target: Double) -> Double {
      switch self {
      case .squaredError: (output - target) * (output - target)
      case .binaryCrossEntropy: Logit.loss(output, target)
      }
    }

    /// The derivative of the loss by the output.
    func slope(_ output: Double, _ target: Double) -> Double {
      switch self {
      case .squaredError: 2 * (output - target)
      case .binaryCrossEntropy: Logit.probability(output) - target
      }
    }
  }

  private let rule: Rule
  private let outputs: Value

  init(_ rule: Rule, _ outputs: Value) {
    self.rule = rule
    self.outputs = outputs
  }

  var reads: [Value] { [outputs] }
  var writes: [Value] { [] }
  var keeps: [Value] { [outputs] }

  func forward(_ run: Run) {
    let width = outputs.width
    let outputs = run.pointer(outputs)
    let (targets, losses) = (run.batch.targets, run.batch.losses)
    for row in run.team.share(of: run.rows) {
      var sum = 0.0
      for cell in row * width..<(row + 1) * width {
        sum += rule.loss(Double(outputs[cell]), Double(targets[cell]))
      }
      losses[row] = targets[row * width].isNaN ? 0 : sum / Double(width)
    }
  }

  func backward(_ run: Run) {
    guard let target = run.target(0) else { return }
    let width = outputs.width
    let (outputs, targets) = (run.pointer(outputs), run.batch.targets)
    let scale = Double(run.batch.lossScale) / Double(width)
    for row in run.team.share(of: run.rows) {
      let dx = target.pointer + row * width
      if !target.accumulate { dx.update(repeating: 0, count: width) }
      if targets[row * width].isNaN { continue }
      for index in 0..<width {
        let cell = row * width + index
        dx[index] += Float(rule.slope(Double(outputs[cell]), Double(targets[cell])) * scale)
      }
    }
  }
}

/// The logit of a class that holds or not, by itself.
package enum Logit {
  /// Its probability: 1 / (1 + exp(−x)).
  package static func probability(_ logit: Double) -> Double {
    let small = exp(-abs(logit))
    return (logit >= 0 ? 1 : small) / (1 + small)
  }

  /// What it adds to the loss where the class holds (`target` 1) or does not (0), in nats.
  package static func loss(_ logit: Double, _ target: Double) -> Double {
    max(logit, 0) - logit * target + log1p(exp(-abs(logit)))
  }
}

extension Graph {
  /// Records the squared error of scores [rows, n] against `batch.targets` [rows, n].
  package func squaredError(_ scores: Value) { record(CellLoss(.squaredError, scores)) }

  /// Records the mean cross-entropy of the classes of logits [rows, classes], each by itself,
  /// against `batch.targets` [rows, classes].
  package func binaryCrossEntropy(_ logits: Value) {
    record(CellLoss(.binaryCrossEntropy, logits))
  }
}
