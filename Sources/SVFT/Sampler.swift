// From logits to the next token, in this order:
//
//   bias → repetition, frequency, presence penalties → top-k → top-p → min-p → temperature → draw
//
// top-p and min-p look at the probabilities before temperature, so a cut does not depend on it.
// Temperature 0 takes the largest logit (the lowest id on ties). Equal seeds draw equal tokens.
//
// Rows of a model that no token of its vocabulary means are no candidates.
package import SVFTTensor

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Chooses tokens for one sequence.
package struct Sampler {
  private let options: GenerationOptions
  private var random: RandomSource
  private var candidates: [(id: Int32, logit: Float)] = []
  private var counts: [Int32: Int] = [:]
  /// Ids that are never chosen.
  private let barred: Set<Int32>

  /// A sampler for sequence `index` of a batch; each draws from its own stream. Of the ids that
  /// `logits` have numbers for it never chooses those in `barred`.
  package init(
    _ options: GenerationOptions, sequence index: Int, barred: some Sequence<Int32> = []
  ) {
    self.options = options
    self.barred = Set(barred)
    self.random = RandomSource(seed: options.seed, purpose: "sampling \(index)")
  }

  /// The next token after `history`. `logits` has one number per token id.
  /// Throws `.nonFinite` where no logit is a number to choose by.
  package mutating func next(
    _ logits: UnsafeBufferPointer<Float>, history: [Int32]
  ) throws(SVFTError) -> Int32 {
    if options.temperature == 0, isPlain, barred.isEmpty { return try Sampler.largest(logits) }
    load(logits, history)
    if options.temperature == 0 { return try largest() }
    keepLargest(options.topK == 0 ? candidates.count : options.topK)
    guard let top = candidates.first?.logit, top.isFinite else { throw Sampler.noChoice }
    var weights = candidates.map { exp(Double($0.logit) - Double(top)) }
    let total = weights.reduce(0, +)
    cut(&weights, total: total)
    let temperature = Double(options.temperature)
    weights = candidates.map { exp((Double($0.logit) - Double(top)) / temperature) }
    var left = random.uniform() * weights.reduce(0, +)
    for (candidate, weight) in zip(candidates, weights) {
      left -= weight
      if left < 0 { return candidate.id }
    }
    return candidates[candidates.count - 1].id
  }

  /// Whether tokens seen before count less.
  private var penalises: Bool {
    options.repetitionPenalty != 1 || options.frequencyPenalty != 0 || options.presencePenalty != 0
  }

  /// Whether logits count as they are.
  private var isPlain: Bool { !penalises && options.logitBias.isEmpty }

  /// The largest of plain logits, the lowest id on ties, without a list of candidates.
  private static func largest(_ logits: UnsafeBufferPointer<Float>) throws(SVFTError) -> Int32 {
    var (best, height): (Int?, Float) = (nil, -.infinity)
    for (id, logit) in logits.enumerated() where logit > height { (best, height) = (id, logit) }
    guard let best else { throw noChoice }
    return Int32(truncatingIfNeeded: best)
  }

  private static let noChoice = SVFTError(
    .nonFinite, "expected finite logits to choose the next token by, found none")

  private mutating func load(_ logits: UnsafeBufferPointer<Float>, _ history: [Int32]) {
    candidates.removeAll(keepingCapacity: true)
    for (id, logit) in logits.enumerated() where !logit.isNaN {
      candidates.append((Int32(truncatingIfNeeded: id), logit))
    }
    if !barred.isEmpty { candidates.removeAll { barred.contains($0.id) } }
    if isPlain { return }
    counts.removeAll(keepingCapacity: true)
    if penalises { for id in history.suffix(options.penaltyWindow) { counts[id, default: 0] += 1 } }
    for index in candidates.indices {
      let id = candidates[index].id
      if let bias = options.logitBias[id] { candidates[index].logit += bias }
      guard let count = counts[id] else { continue }
      var logit = candidates[index].logit
      logit = logit > 0 ? logit / options.repetitionPenalty : logit * options.repetitionPenalty
      logit -= Float(count) * options.frequencyPenalty + options.presencePenalty
      candidates[index].logit = logit
    }
  }

  private func largest() throws(SVFTError) -> Int32 {
    guard var best = candidates.first else { throw Sampler.noChoice }
    for candidate in candidates where candidate.logit > best.logit { best = candidate }
    guard best.logit > -.infinity else { throw Sampler.noChoice }
    return best.id
  }

  /// Sorts by falling logit (rising id on ties) and keeps `count`. Few of many are picked in one
  /// walk, because sorting a whole vocabulary would take longer than a small model's step.
  private mutating func keepLargest(_ count: Int) {
    guard count < candidates.count / 8 else {
      candidates.sort(by: Sampler.isBefore)
      if candidates.count > count { candidates.removeLast(candidates.count - max(1, count)) }
      return
    }
    var kept: [(id: Int32, logit: Float)] = []
    kept.reserveCapacity(count + 1)
    for candidate in candidates {
      if kept.count == count, !Sampler.isBefore(candidate, kept[count - 1]) { continue }
      var place = kept.count
      while place > 0, Sampler.isBefore(candidate, kept[place - 1]) { place -= 1 }
      kept.insert(candidate, at: place)
      if kept.count > count { kept.removeLast() }
    }
    candidates = kept
  }

  private static func isBefore(
    _ a: (id: Int32, logit: Float), _ b: (id: Int32, logit: Float)
  ) -> Bool {
    (a.logit, b.id) > (b.logit, a.id)
  }

  /// Applies top-p and min-p to candidates sorted by falling probability; one always stays.
  private mutating func cut(_ weights: inout [Double], total: Double) {
    var kept = candidates.count
    if options.topP < 1 {
      var mass = 0.0
      for (index, weight) in weights.enumerated() {
        mass += weight
        if mass >= Double(options.topP) * total {
          kept = index + 1
          break
        }
      }
    }
    if options.minP > 0, let first = weights.first {
      let floor = Double(options.minP) * first
      kept = min(kept, weights.firstIndex { $0 < floor } ?? kept)
    }
    candidates.removeLast(candidates.count - max(1, kept))
  }
}
