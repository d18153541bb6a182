// The weights of a decoder's layers, taken by the parts that a family names and a checkpoint has.
import SVFTFormats
import SVFTLayers
import SVFTTensor

/// Weight, and bias where there is one, of a norm.
struct DecoderNorm {
  let weight: Slot
  let bias: Slot?

  var slots: [Slot] { [weight, bias].compactMap { $0 } }
}

/// One layer.
struct DecoderLayer {
  let attentionNorm: DecoderNorm?
  /// Query, key and value, or one matrix that gives all three.
  let attentionInputs: [Projection]
  let queryNorm: DecoderNorm?
  let keyNorm: DecoderNorm?
  let attentionOutput: Projection
  let attentionResultNorm: DecoderNorm?
  let feedForwardNorm: DecoderNorm?
  /// Gate and up, one matrix that gives both, or up alone.
  let feedForwardInputs: [Projection]
  let down: Projection
  let feedForwardResultNorm: DecoderNorm?

  init(_ part: DecoderParts, _ weights: inout WeightReader) throws(SVFTError) {
    let s = part.settings
    let (queries, keys) = (s.heads * s.headWidth, s.keyValueHeads * s.headWidth)
    attentionNorm = try part.norm(.attentionNorm, s.hidden, &weights)
    if part.names.has(.fusedAttention) {
      attentionInputs = [
        try part.projection(.fusedAttention, [queries + 2 * keys, s.hidden], &weights)
      ]
    } else {
      attentionInputs = [
        try part.projection(.query, [queries, s.hidden], &weights),
        try part.projection(.key, [keys, s.hidden], &weights),
        try part.projection(.value, [keys, s.hidden], &weights),
      ]
    }
    queryNorm = try part.norm(
      .queryNorm, s.normsWholeQueries ? queries : s.headWidth, &weights)
    keyNorm = try part.norm(.keyNorm, s.normsWholeQueries ? keys : s.headWidth, &weights)
    attentionOutput = try part.projection(.attentionOutput, [s.hidden, queries], &weights)
    attentionResultNorm = try part.norm(.attentionResultNorm, s.hidden, &weights)
    feedForwardNorm = try part.norm(.feedForwardNorm, s.hidden, &weights)
    let up = s.fusesGate ? 2 * s.feedForward : s.feedForward
    feedForwardInputs =
      try
      (part.names.has(.gate)
      ? [part.projection(.gate, [s.feedForward, s.hidden], &weights)] : [])
      + [part.projection(.up, [up, s.hidden], &weights)]
    down = try part.projection(.down, [s.hidden, s.feedForward], &weights)
    feedForwardResultNorm = try part.norm(.feedForwardResultNorm, s.hidden, &weights)
  }

  var projections: [Projection] {
    attentionInputs + [attentionOutput] + feedForwardInputs + [down]
  }

  /// Norms in the order of the computation, then what is multiplied with.
  var slots: [Slot] {
    let norms = [
      attentionNorm, queryNorm, keyNorm, attentionResultNorm, feedForwardNorm,
      feedForwardResultNorm,
    ]
    return norms.flatMap { $0?.slots ?? [] }
      + projections.flatMap { [$0.weight, $0.bias] }.compactMap { $0 }
  }
}

/// Takes parts of one checkpoint under their names, in the layouts its files have.
struct DecoderParts {
  let names: DecoderNames
  let settings: DecoderSettings
  private let isGGUF: Bool
  private let interleaves: Bool
  private let transposes: Bool
  private var number = 0

  init(
    _ names: DecoderNames, _ settings: DecoderSettings, isGGUF: Bool,
    _ family: any DecoderFamily.Type
  ) {
    self.names = names
    self.settings = settings
    self.isGGUF = isGGUF
    interleaves = family.interleavesInGGUF
    transposes = family.transposesInFolders
  }

  /// The same for the layer of that number.
  func ofLayer(_ number: Int) -> DecoderParts {
    var copy = self
    copy.number = number
    return copy
  }

  /// A norm of `width` numbers; nil where the family or the checkpoint has none there.
  func norm(
    _ part: DecoderPart, _ width: Int, _ weights: inout WeightReader
  ) throws(SVFTError) -> DecoderNorm? {
    guard names.has(part), !settings.missing.contains(part) else { return nil }
    let name = names(part, number)
    // GGUF files hold what is multiplied with.
    let offset: Float = isGGUF && settings.norm == .rootMeanSquarePlusOne ? 1 : 0
    return try DecoderNorm(
      weight: weights.take(name + ".weight", [width], offset: offset),
      bias: settings.norm == .layer ? weights.take(name + ".bias", [width]) : nil)
  }

  /// A linear module of `shape` [rows, columns].
  func projection(
    _ part: DecoderPart, _ shape: [Int], _ weights: inout WeightReader
  ) throws(SVFTError) -> Projection {
    let rotates = part == .query || part == .key
    var order = RowOrder.canonical
    if isGGUF, interleaves, rotates { order = .interleaved(headWidth: settings.headWidth) }
    if isGGUF, part == .fusedAttention { order = settings.fusedOrder }
    return try weights.projection(
      names(part, number), rows: shape[0], columns: shape[1],
      bias: settings.biases.contains(part), rowOrder: order,
      isTransposed: transposes && DecoderPart.linear.contains(part))
  }
}

extension DecoderSettings {
  /// The order of a fused matrix's rows in GGUF files: all queries, all keys, all values.
  var fusedOrder: RowOrder {
    fusesByHead ? .parts(count: 3, heads: heads, headWidth: headWidth) : .canonical
  }

  /// What a GGUF file says by the tensors it has, not by its metadata.
  mutating func complete(
    _ names: DecoderNames, _ hyper: Hyperparameters, _ weights: inout WeightReader
  ) throws(SVFTError) {
    biases = Set(
      DecoderPart.linear.filter { names.has($0) && weights.has(names($0) + ".bias") })
    try takeFactors(hyper, &weights)
  }

  /// Divisors of rotary frequencies, where the file has them.
  private mutating func takeFactors(
    _ hyper: Hyperparameters, _ weights: inout WeightReader
  ) throws(SVFTError) {
    let pairs = rotatedWidth / 2
    func factors(_ name: String, _ weights: inout WeightReader) throws(SVFTError) -> [Float]? {
      guard weights.has(name) else { return nil }
      let slot = try weights.take(name, [pairs])
      let values = withExtendedLifetime(slot) { Array(slot.weight.bytes.values(Float.self)) }
      guard MemoryLedger.isRehearsing || values.allSatisfy({ $0.isFinite && $0 > 0 }) else {
        throw SVFTError(.format, "\(weights.source.path): \(name): expected factors above 0")
      }
      return values
    }
    if let values = try factors("model.rope_factors.weight", &weights) {
      // Both at once divide by both.
      if case .linear(let factor) = rotary?.scaling {
        rotary?.scaling = .factors(values.map { $0 * Float(factor) })
      } else {
        rotary?.scaling = .factors(values)
      }
    }
    let long = try factors("model.rope_factors_long.weight", &weights)
    let short = try factors("model.rope_factors_short.weight", &weights)
    if let long, let short {
      rotary?.scaling = try RopeScaling.longrope(hyper, short: short, long: long)
    }
  }
}
