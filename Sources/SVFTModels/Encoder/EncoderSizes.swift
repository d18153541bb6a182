// What encoders of every kind, of texts and of images, say of their blocks: the keys of config.json
// that all of them share, and those of GGUF files. GGUF has no key for the activation and for
// dropout: such files get BERT's own gelu and none.
import SVFTFormats
import SVFTLayers
import SVFTTensor

/// The sizes of an encoder's blocks and what acts in them, checked.
struct EncoderSizes: Sendable {
  let hidden: Int
  let feedForward: Int
  let layers: Int
  let heads: Int
  let epsilon: Double
  let activation: ActivationFunction
  /// Probability for the embeddings and the residual branches.
  let dropout: Double
  /// Probability for the weights of attention.
  let attentionDropout: Double

  /// Reads and checks everything; `epsilon` and `dropout` are the family's where a file says none.
  init(_ hyper: Hyperparameters, epsilon other: Double, dropout usual: Double) throws(SVFTError) {
    hidden = try hyper.integer("hidden_size", gguf: "embedding_length", in: 1...(1 << 20))
    layers = try hyper.integer("num_hidden_layers", gguf: "block_count", in: 1...4096)
    feedForward = try hyper.integer(
      "intermediate_size", gguf: "feed_forward_length", in: 1...(1 << 22))
    heads = try hyper.integer(
      "num_attention_heads", gguf: "attention.head_count", in: 1...65_536)
    guard hidden % heads == 0 else {
      throw SVFTError(
        .format,
        "\(hyper.file): expected a hidden size divisible by the attention heads, found \(hidden) "
          + "and \(heads)")
    }
    epsilon = try hyper.number(
      "layer_norm_eps", gguf: "attention.layer_norm_epsilon", in: 0...1, default: other)
    activation = try hyper.activation("hidden_act", default: "gelu")
    let usual = hyper.isGGUF ? 0 : usual
    dropout = try hyper.number("hidden_dropout_prob", in: 0...0.999, default: usual)
    attentionDropout = try hyper.number(
      "attention_probs_dropout_prob", in: 0...0.999, default: usual)
  }

  var headWidth: Int { hidden / heads }

  /// Throws `.unsupported` where a key gives heads another width than their share.
  func requireHeads(_ key: String, of hyper: Hyperparameters) throws(SVFTError) {
    let width = try hyper.integer(key, in: 1...(1 << 20), default: headWidth)
    try hyper.refuse(key, unless: width == headWidth, "heads of width \(width)")
  }

  /// The same keys again.
  var config: [(key: String, value: JSON)] {
    [
      ("attention_probs_dropout_prob", .number(attentionDropout)),
      ("hidden_act", .string(activation.configName)), ("hidden_dropout_prob", .number(dropout)),
      ("hidden_size", .integer(hidden)), ("initializer_range", 0.02),
      ("intermediate_size", .integer(feedForward)), ("layer_norm_eps", .number(epsilon)),
      ("num_attention_heads", .integer(heads)), ("num_hidden_layers", .integer(layers)),
    ]
  }
}
