// The computing part of a model: the architecture, its heads, and the passes recorded so far. A
// pass is reused until a larger step is needed or the adapters change.
import SVFTFormats
import SVFTImages
import SVFTLayers
import SVFTModels
import SVFTTensor

/// An architecture with its heads, ready to be run.
final class Network {
  let architecture: any Architecture
  var heads: Heads
  let threads: Int
  /// Tokens of a sequence at most.
  let contextLength: Int
  let compute: Compute
  /// How cached keys and values are stored.
  let keyValueFormat: any ElementFormat
  /// Tokens that end a text, from the tokenizer and generation_config.json.
  let endTokens: Set<Int32>
  let memory: MemoryLedger
  /// What is done to pictures before the model sees them; nil where it reads tokens, or where its
  /// files do not say it.
  let images: ImageProcessor?
  private var passes: [Key: Pass] = [:]
  /// Counts the changes of what it computes: rows of a cache are of one revision.
  private(set) var revision = 0

  private struct Key: Hashable {
    let purpose: Pass.Purpose
    let mode: Pass.Mode
  }

  /// A network for a rehearsal: what it records stays out of `other`.
  private init(rehearsing other: Network) {
    architecture = other.architecture
    heads = other.heads
    threads = other.threads
    contextLength = other.contextLength
    compute = other.compute
    keyValueFormat = other.keyValueFormat
    endTokens = other.endTokens
    memory = other.memory
    images = other.images
    passes = other.passes
  }

  init(
    _ architecture: any Architecture, _ heads: Heads, _ options: ModelOptions,
    endTokens: Set<Int32>, images: ImageProcessor? = nil, memory: MemoryLedger
  ) throws(SVFTError) {
    self.architecture = architecture
    self.heads = heads
    threads = try options.resolvedThreads()
    contextLength = try options.resolvedContext(of: architecture.geometry)
    compute = options.compute
    keyValueFormat = try options.resolvedKeyValueFormat(of: architecture.geometry)
    self.endTokens = endTokens
    self.images = images
    self.memory = memory
  }

  var geometry: Geometry { architecture.geometry }

  /// What PEFT calls the task of an adapter, which brings a head or none; null of images, because
  /// its classes for the others give a model tokens.
  func taskName(head: ClassHead? = nil) -> JSON {
    guard geometry.grid == nil else { return .null }
    if let head { return head.isPerToken ? "TOKEN_CLS" : "SEQ_CLS" }
    guard geometry.isCausal else { return "FEATURE_EXTRACTION" }
    return geometry.startToken == nil ? "CAUSAL_LM" : "SEQ_2_SEQ_LM"
  }

  /// Linear modules of body and heads, in the order of the computation.
  var projections: [Projection] {
    architecture.projections + [heads.language?.projection].compactMap { $0 }
      + (heads.classes?.projections ?? [])
  }

  /// Every tensor of body and heads, each once.
  var slots: [Slot] {
    architecture.slots + (heads.language?.slots ?? []) + (heads.classes?.slots ?? [])
  }

  /// A pass for steps of at least this capacity and with these lanes. Throws `.memory`, `.limit`,
  /// `.unsupported`.
  func pass(
    _ purpose: Pass.Purpose, capacity: Pass.Capacity, _ mode: Pass.Mode = .inference,
    lanes: [Lane] = []
  ) throws(SVFTError) -> Pass {
    let key = Key(purpose: purpose, mode: mode)
    let there = passes[key]
    // Chunks of a training step follow from its capacity: a larger one would round differently.
    if let there, there.serves(lanes),
      there.capacity == capacity || mode == .inference && there.capacity.holds(capacity)
    {
      return there
    }
    forget(key)
    let pass = try Pass(
      architecture, heads, purpose, capacity: capacity, mode, threads: threads,
      lanes: there?.lanes(and: lanes) ?? lanes)
    pass.batch.compute = compute
    pass.headBatch.compute = compute
    passes[key] = pass
    return pass
  }

  /// A pass that a larger one replaces. A rehearsal's network shares the passes of the one it
  /// stands for, which will let go of them.
  private func forget(_ key: Key) {
    guard let old = passes.removeValue(forKey: key) else { return }
    if MemoryLedger.isRehearsing, !old.isReserved { MemoryLedger.current?.credit(old.byteCount) }
  }

  /// Forgets what was recorded: after adapters or heads have changed.
  func invalidate() {
    passes.removeAll()
    noteChange()
  }

  /// Lets go of what was recorded to train; the next training step records it again.
  func forgetTraining() { passes = passes.filter { !$0.key.mode.trains } }

  /// Parameters have changed in place: rows computed before are stale.
  func noteChange() { revision &+= 1 }

  /// An empty cache for `slots` sequences of up to `context` tokens.
  func cache(slots: Int, context: Int) throws(SVFTError) -> KVCache {
    try MemoryLedger.current?.require(
      KVCache.byteCount(
        layers: geometry.layers, slots: slots, context: context, width: geometry.keyValueWidth,
        format: keyValueFormat))
    return try KVCache(
      layers: geometry.layers, slots: slots, context: context, width: geometry.keyValueWidth,
      format: keyValueFormat)
  }

  /// What a verb is about to take, as the smaller thing that might fit instead.
  struct Alternative {
    /// "4 prompts at a time".
    let name: String
    let body: (Network) throws(SVFTError) -> Void
  }

  /// Throws `.memory` before anything is taken if `body`, which asks the network it is given for
  /// what a verb needs, goes beyond the limit. The first alternative that fits is named.
  func foresee(
    _ activity: String, or alternatives: [Alternative] = [],
    _ body: (Network) throws(SVFTError) -> Void
  ) throws(SVFTError) {
    try memory.foresee(activity) {
      let fitting = alternatives.first { other in
        let peak = try? memory.rehearsedPeak { () throws(SVFTError) in
          try other.body(Network(rehearsing: self))
        }
        return (peak ?? .max) <= memory.limit
      }
      return fitting.map { "\($0.name) would fit" } ?? "a smaller or quantised model is needed"
    } _: { () throws(SVFTError) in
      try body(Network(rehearsing: self))
    }
  }

  /// Throws `.invalidArgument` for an id outside the vocabulary: ops trust ids. `.unsupported` for
  /// a model of images.
  func check(_ ids: [Int32]) throws(SVFTError) {
    guard geometry.grid == nil else {
      throw SVFTError(.unsupported, "expected a model of text, found one of images")
    }
    for id in ids where id < 0 || id >= geometry.vocabularySize {
      throw SVFTError(
        .invalidArgument,
        "expected token ids from 0 to \(geometry.vocabularySize - 1), found \(id)")
    }
  }
}
