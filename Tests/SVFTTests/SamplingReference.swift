// Sampling written down plainly, in Double and without tricks: the shares that every token should
// be drawn with. Tests draw many times from the library's sampler and compare.
import Foundation
import SVFT

/// The distribution that options make of logits.
struct SamplingReference {
  let options: GenerationOptions

  /// Shares of all ids, in the documented order: bias, penalties, top-k, top-p, min-p, temperature.
  func shares(_ logits: [Float], history: [Int32]) -> [Double] {
    var scores = logits.map(Double.init)
    for (id, bias) in options.logitBias { scores[Int(id)] += Double(bias) }
    let seen = history.suffix(options.penaltyWindow)
    for id in Set(seen) {
      let index = Int(id)
      let penalty = Double(options.repetitionPenalty)
      scores[index] = scores[index] > 0 ? scores[index] / penalty : scores[index] * penalty
      let count = Double(seen.count { $0 == id })
      scores[index] -= count * Double(options.frequencyPenalty) + Double(options.presencePenalty)
    }
    var order = scores.indices.sorted { (scores[$0], $1) > (scores[$1], $0) }
    if options.topK > 0 { order = Array(order.prefix(options.topK)) }
    let plain = softmax(order.map { scores[$0] })
    var kept = 0
    var mass = 0.0
    repeat {
      mass += plain[kept]
      kept += 1
    } while kept < order.count && mass < Double(options.topP)
    kept = max(1, min(kept, plain.count { $0 >= Double(options.minP) * plain[0] }))
    order = Array(order.prefix(kept))
    var shares = [Double](repeating: 0, count: scores.count)
    let warm = softmax(order.map { scores[$0] / Double(options.temperature) })
    for (id, share) in zip(order, warm) { shares[id] = share }
    return shares
  }

  private func softmax(_ scores: [Double]) -> [Double] {
    let top = scores.max() ?? 0
    let weights = scores.map { exp($0 - top) }
    let total = weights.reduce(0, +)
    return weights.map { $0 / total }
  }
}
