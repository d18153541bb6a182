// What generation takes of memory: a pass for its steps, and caches for what sequences have
// computed. It is known before anything is computed, so that too much of it can be refused up
// front, and something smaller be named.
import SVFTLayers
import SVFTTensor

extension Generator {
  /// What a generation runs in.
  struct Room {
    let pass: Pass
    let cache: KVCache
    /// Of the texts that encoder-decoders read; nil elsewhere.
    var sourceCache: KVCache?
  }

  /// What decides the memory that generation takes.
  struct Size {
    let sequences: Int
    /// Tokens to be computed before the first one is chosen, of all prompts.
    let tokens: Int
    /// Tokens that encoder-decoders read, of all prompts, and of the longest.
    var sourceTokens = 0
    var longestSource = 0
    /// Tokens of the longest sequence when it ends.
    var context: Int
    /// Tokens of a sequence when it is computed again because it has grown; 0 for none of them.
    var restart = 0
    /// Adapters of single sequences, each once.
    var lanes: [Lane] = []

    /// Rows of one prefill step.
    private static let stepRows = 512

    /// The pass of all steps, and empty caches.
    func prepare(_ network: Network) throws(SVFTError) -> Room {
      try Room(pass: pass(network), cache: cache(network), sourceCache: sourceCache(network))
    }

    /// The pass of all steps.
    func pass(_ network: Network) throws(SVFTError) -> Pass {
      try network.pass(
        .language,
        capacity: Pass.Capacity(
          rows: max(sequences, min(Self.stepRows, max(tokens, restart))),
          sequences: sequences, headRows: sequences,
          // A text is read in one step: its tokens see each other.
          sourceRows: max(longestSource, min(Self.stepRows, sourceTokens))),
        lanes: lanes)
    }

    /// An empty cache.
    func cache(_ network: Network) throws(SVFTError) -> KVCache {
      try network.cache(slots: sequences, context: context)
    }

    /// An empty cache of what is read; nil where nothing is.
    private func sourceCache(_ network: Network) throws(SVFTError) -> KVCache? {
      guard longestSource > 0 else { return nil }
      return try network.cache(slots: sequences, context: longestSource)
    }

    /// Smaller ones, taken by `take`: fewer prompts, then fewer tokens of one.
    func alternatives(
      _ take: @escaping (Size, Network) throws(SVFTError) -> Void
    ) -> [Network.Alternative] {
      var smaller: [(String, Size)] = []
      var count = sequences / 2
      while count >= 1 {
        let size = Size(
          sequences: count, tokens: tokens * count / sequences,
          sourceTokens: sourceTokens * count / sequences, longestSource: longestSource,
          context: context, restart: restart, lanes: Array(lanes.prefix(count)))
        smaller.append(("a batch of \(count)", size))
        count /= 2
      }
      var length = context / 2
      while length >= 16 {
        let size = Size(
          sequences: 1, tokens: min(tokens / sequences, length),
          sourceTokens: longestSource, longestSource: longestSource, context: length,
          restart: restart < length ? restart : 0, lanes: Array(lanes.prefix(1)))
        smaller.append(("a sequence of \(length) tokens, prompt included,", size))
        length /= 2
      }
      return smaller.map { name, size in
        Network.Alternative(name: name) { (network) throws(SVFTError) in try take(size, network) }
      }
    }
  }
}
