// Dropout of attention probabilities (`attention_probs_dropout_prob`, `attention_dropout`).
//
//   O = (mask∘P / (1 − p)) V      dP = mask∘(dO Vᵀ) / (1 − p)      dV = (mask∘P / (1 − p))ᵀ dO
//
// The softmax's own sum counts every key, dropped or not, and D = Σ dO∘O = Σ P∘dP holds as it
// stands. An element of the mask follows from (batch.randomKey, index of the op, row of the query,
// head, key), so both passes, any order of blocks and any team see the same one.
import SVFTTensor

extension Attention {
  /// The mask of a step, or nil where nothing falls: outside training, or with probability 0.
  func mask(_ run: Run) -> DropoutMask? {
    guard run.training, dropout > 0 else { return nil }
    return DropoutMask(
      probability: dropout, key: run.batch.randomKey, stream: UInt64(truncatingIfNeeded: run.op))
  }

  /// Passes the numbers that one query has for keys `first` ..< `first` + `count` through the mask.
  ///
  /// `row` is the query's row in the step.
  func drop(
    _ numbers: UnsafeMutablePointer<Float>, _ mask: DropoutMask,
    at place: (row: Int, head: Int, key: Int), count: Int
  ) {
    let line = (place.row * shape.heads + place.head) << 32
    mask.apply(numbers, first: line + place.key, count: count, into: numbers)
  }
}
