// A model as users hold it: loaded from a folder or file, run, adapted, trained, saved. The doors
// call this class and nothing beneath it.
//
// One caller at a time: every verb goes through the gate (`.busy` otherwise). What a verb needs is
// recorded when it is first used.
import SVFTAdapters
import SVFTFormats
import SVFTImages
import SVFTLayers
import SVFTModels
public import SVFTTensor

/// A transformer with what reads its inputs (a tokenizer, mostly) and its adapters.
public final class Model: @unchecked Sendable {
  /// The folder or file it was loaded from.
  public let path: String
  let options: ModelOptions
  let gate: Gate
  let network: Network
  let reader: InputReader
  let factors: FactorStore
  /// Sparsity patterns that adapters share.
  let patterns = PatternStore()
  /// The conversation layout that the model's files bring, if any.
  let chatTemplate: ChatTemplate?
  /// The class head that its files bring, if any.
  let ownClasses: Classes
  /// The class head in use: that of an adapter, or its own.
  var classes: Classes
  /// The hash of the base, once somebody has asked for it.
  var knownIdentity: String?
  /// Its weights in full precision, once an adapter has asked for them.
  var knownLatents: Latents?
  /// Attached adapters, in order.
  var adapters: [Adapter.Attached] = []

  /// Loads a Hugging Face folder or a GGUF file. `progress` is called while matrices are quantised.
  ///
  /// Throws `.io`, `.format`, `.truncated`, `.unsupported`, `.shape`, `.limit`, `.memory`,
  /// `.nonFinite` (weights that cannot be quantised), `.cancelled`.
  public init(
    path: String, options: ModelOptions = ModelOptions(), progress: WorkProgress? = nil
  ) throws(SVFTError) {
    // In a rehearsal everything is on its account.
    let memory: MemoryLedger
    if let current = MemoryLedger.current, current.isRehearsal {
      memory = current
    } else {
      memory = try MemoryLedger(limit: options.memoryLimit)
    }
    try memory.foresee(loading: path, options)
    let (loaded, reader) = try memory.keep { () throws(SVFTError) in
      let loaded = try LoadedModel(path, options, Model.loadingProgress(progress))
      return (loaded, try loaded.reader())
    }
    let checkpoint = loaded.checkpoint
    self.path = path
    self.options = options
    self.reader = reader
    gate = Gate(memory: memory)
    var (template, ends, images): (ChatTemplate?, Set<Int32>, ImageProcessor?) = (nil, [], nil)
    switch reader {
    case .text(let tokenizer):
      try loaded.requireFit(tokenizer)
      template = try ChatTemplate(in: checkpoint, tokenizer)
      ends = try EndTokens.of(checkpoint, tokenizer)
    case .images(let processor): images = processor
    }
    chatTemplate = template
    network = try Network(
      loaded.architecture,
      Heads(
        language: loaded.architecture.languageModelHead, classes: loaded.classHead,
        embedding: loaded.embeddingHead),
      options, endTokens: ends, images: images, memory: memory)
    factors = FactorStore(cacheFolder: options.cacheFolder, threads: network.threads)
    factors.admit = { (bytes) throws(SVFTError) in try memory.require(bytes) }
    factors.isCancelled = { [gate] in gate.isCancelled }
    let names = try ClassNames.stored(in: checkpoint)
    ownClasses = Classes(loaded, names.count == loaded.classHead?.outputs ? names : [])
    classes = ownClasses
  }

  static func loadingProgress(
    _ report: WorkProgress?
  ) -> (@Sendable (_ done: Int, _ total: Int) -> Bool)? {
    guard let report else { return nil }
    nonisolated(unsafe) let receiver = report
    let start = Clock.seconds()
    return { done, total in
      let share = Double(done) / Double(max(1, total))
      let left = share > 0 ? (Clock.seconds() - start) * (1 - share) / share : 0
      return receiver("loading", share, left)
    }
  }

  /// Stops the call in progress as soon as possible; between two calls it does nothing. Safe from
  /// any thread and any signal handler.
  public func cancel() { gate.cancel() }

  /// Numbers per row of logits.
  public var vocabularySize: Int { network.geometry.vocabularySize }
  /// Longest sequence, in tokens.
  public var contextLength: Int { network.contextLength }
  /// Width of hidden states.
  public var hiddenWidth: Int { network.geometry.hiddenWidth }
  /// Numbers of a vector that `embed` gives.
  public var embeddingWidth: Int { network.heads.embedding.width(hidden: hiddenWidth) }
}
