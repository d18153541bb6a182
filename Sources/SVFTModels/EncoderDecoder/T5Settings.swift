// The geometry of a T5: read from config.json or GGUF metadata. GGUF has no keys for the farthest
// distance, for dropout and for the activation: such files get the paper's 128, none, and gelu
// where there is a gate, else relu, as llama.cpp runs them.
import SVFTFormats
import SVFTLayers
package import SVFTTensor

/// What the checkpoint of a T5, mT5 or UMT5 says about itself, checked.
package struct T5Settings: Sendable {
  /// `model_type` of config.json.
  let kind: String
  let hidden: Int
  /// Width of a head, which need not divide `hidden`.
  let headWidth: Int
  let heads: Int
  let feedForward: Int
  let encoderLayers: Int
  let decoderLayers: Int
  let vocabulary: Int
  let buckets: Int
  /// The distance from which on all share a bucket.
  let farthest: Int
  let epsilon: Double
  let dropout: Double
  /// Probability around the dense layer of a class head.
  let headDropout: Double
  let activation: ActivationFunction
  let isGated: Bool
  /// Whether hidden states are divided by √hidden before the language head: T5 1.0 does, 1.1 and
  /// what came of it does not.
  let scalesLogits: Bool
  /// What decoding begins with.
  let startToken: Int
  let context: Int
  /// Whether each layer has a table of distances of its own (UMT5), not the first alone.
  var biasesEachLayer: Bool { kind == "umt5" }

  /// Reads and checks everything; `stored` are the rows of the embedding, `isGated` whether the
  /// file has a gate.
  package init(
    _ hyper: Hyperparameters, stored: Int?, isGated: Bool, eachLayer: Bool
  ) throws(SVFTError) {
    let isGGUF = hyper.isGGUF
    kind = isGGUF ? eachLayer ? "umt5" : "t5" : try hyper.text("model_type", default: "t5")
    hidden = try hyper.integer("d_model", gguf: "embedding_length", in: 1...(1 << 20))
    heads = try hyper.integer("num_heads", gguf: "attention.head_count", in: 1...65_536)
    headWidth = try hyper.integer("d_kv", gguf: "attention.key_length", in: 1...65_536)
    feedForward = try hyper.integer("d_ff", gguf: "feed_forward_length", in: 1...(1 << 22))
    encoderLayers = try hyper.integer("num_layers", gguf: "block_count", in: 1...4096)
    decoderLayers = try hyper.integer(
      "num_decoder_layers", gguf: "decoder_block_count", in: 1...4096, default: encoderLayers)
    vocabulary = try hyper.integer(
      "vocab_size", gguf: "vocab_size", in: 1...(1 << 24), default: isGGUF ? stored : nil)
    buckets = try hyper.integer(
      "relative_attention_num_buckets", gguf: "attention.relative_buckets_count", in: 4...65_536,
      default: 32)
    farthest = try hyper.integer(
      "relative_attention_max_distance", in: 1...(1 << 20), default: 128)
    epsilon = try hyper.number(
      "layer_norm_epsilon", gguf: "attention.layer_norm_rms_epsilon", in: 0...1, default: 1e-6)
    dropout = try hyper.number("dropout_rate", in: 0...0.999, default: isGGUF ? 0 : 0.1)
    headDropout = try hyper.number("classifier_dropout", in: 0...0.999, default: 0)
    let block = try Self.feedForwardBlock(hyper, isGated: isGated)
    (activation, self.isGated) = block
    // The key says this and not whose matrix the head has; files of transformers 5 always say true
    // there, and have another key for it.
    let tells = try hyper.flag("tie_word_embeddings", default: true)
    let scales = try hyper.flag("scale_decoder_outputs", default: tells)
    scalesLogits = isGGUF ? !isGated : scales && kind != "mt5"
    startToken = try hyper.integer(
      "decoder_start_token_id", gguf: "decoder_start_token_id", in: 0...vocabulary - 1,
      default: hyper.integer("pad_token_id", in: 0...vocabulary - 1, default: 0))
    context = try hyper.integer(
      "n_positions", gguf: "context_length", in: 1...(1 << 28), default: 512)
  }

  /// `feed_forward_proj`: an activation, or "gated-" and one; "gated-gelu" means its approximation.
  private static func feedForwardBlock(
    _ hyper: Hyperparameters, isGated: Bool
  ) throws(SVFTError) -> (ActivationFunction, Bool) {
    guard !hyper.isGGUF else { return (isGated ? .geluTanh : .relu, isGated) }
    let text = try hyper.text("feed_forward_proj", default: "relu")
    guard text != "gated-gelu" else { return (.geluTanh, true) }
    let isGated = text.hasPrefix("gated-")
    let name = isGated ? String(text.dropFirst("gated-".count)) : text
    if let known = Hyperparameters.activations.first(where: { $0.name == name }) {
      return (known.activation, isGated)
    }
    throw SVFTError(
      .unsupported,
      "\(hyper.place("feed_forward_proj")): expected an activation, with or without \"gated-\" "
        + "before it, found \(text.debugDescription)")
  }

  /// How config.json spells the block.
  var feedForwardName: String {
    guard isGated else { return activation.configName }
    return activation == .geluTanh ? "gated-gelu" : "gated-" + activation.configName
  }

  /// Queries, keys and values of all heads.
  var attentionWidth: Int { heads * headWidth }

  /// `generates` where there is a decoder.
  package func geometry(generates: Bool) -> Geometry {
    var geometry = Geometry(
      hiddenWidth: hidden, vocabularySize: vocabulary, contextLength: context,
      layers: generates ? decoderLayers : encoderLayers, keyValueWidth: attentionWidth,
      isCausal: generates, segments: 0)
    geometry.isContextBound = false
    geometry.startToken = generates ? Int32(truncatingIfNeeded: startToken) : nil
    return geometry
  }
}
