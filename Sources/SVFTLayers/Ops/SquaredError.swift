// Squared error of one score per row: the loss of regression heads.
//
//   forward   losses[t] = (score[t] − target[t])²
//   backward  dscore = 2 · (score − target) · lossScale
//
// A row whose target is not a number counts nothing: loss 0, gradient 0. Keeps the scores.
import SVFTTensor

/// Loss of each row into `batch.losses`.
final class SquaredError: Op {
  private let scores: Value

  init(_ scores: Value) { self.scores = scores }

  var reads: [Value] { [scores] }
  var writes: [Value] { [] }
  var keeps: [Value] { [scores] }

  func forward(_ run: Run) {
    let width = scores.width
    let scores = run.pointer(scores)
    let (targets, losses) = (run.batch.targets, run.batch.losses)
    for row in run.team.share(of: run.rows) {
      let error = Double(scores[row * width]) - Double(targets[row])
      losses[row] = targets[row].isNaN ? 0 : error * error
    }
  }

  func backward(_ run: Run) {
    guard let target = run.target(0) else { return }
    let width = scores.width
    let (scores, targets) = (run.pointer(scores), run.batch.targets)
    for row in run.team.share(of: run.rows) {
      let dx = target.pointer + row * width
      if !target.accumulate { dx.update(repeating: 0, count: width) }
      if targets[row].isNaN { continue }
      dx[0] += 2 * (scores[row * width] - targets[row]) * run.batch.lossScale
    }
  }
}

extension Graph {
  /// Records the squared error of scores [rows, 1] against `batch.targets`.
  package func squaredError(_ scores: Value) { record(SquaredError(scores)) }
}
