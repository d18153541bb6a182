// Synthetic models of any small geometry with seeded random weights, as a Hugging Face folder or a
// GGUF file: what contract tests load. Tensors are listed by their Hugging Face names; tests may
// change, drop or add some before writing. Norm weights lie around one, everything else around
// zero.
package import SVFTFormats
import SVFTTensor

/// A model that exists only for a test.
package struct TinyModel: Sendable {
  /// One tensor: [rows, columns] or [count].
  package struct Tensor: Sendable {
    package var name: String
    package var shape: [Int]
    package var values: [Float]

    package init(name: String, shape: [Int], values: [Float]) {
      self.name = name
      self.shape = shape
      self.values = values
    }
  }

  /// Sizes of a tiny model.
  package struct Size: Sendable {
    package var hidden = 32
    package var feedForward = 64
    package var layers = 2
    package var heads = 4
    package var keyValueHeads = 2
    package var vocabulary = 40
    package var context = 64
    package var seed: UInt64 = 1
    /// Deviation of the weights: large enough that every part of the model matters to its output.
    package var deviation = 0.2

    package init() {}

    package init(_ change: (inout Size) -> Void) {
      self.init()
      change(&self)
    }
  }

  package var config: JSON.Object
  package var tensors: [Tensor] = []
  private var random: RandomSource
  private let deviation: Double

  private init(_ size: Size, _ config: JSON.Object) {
    self.config = config
    random = RandomSource(seed: size.seed, purpose: "tiny")
    deviation = size.deviation
  }

  /// The place of a tensor in `tensors`.
  package func position(_ name: String) -> Int? { tensors.firstIndex { $0.name == name } }

  private mutating func add(_ name: String, _ shape: [Int]) {
    let isNorm = name.hasSuffix("norm.weight") || name.hasSuffix("LayerNorm.weight")
    let count = shape.reduce(1, *)
    let values = (0..<count).map { _ in Float(random.normal() * deviation + (isNorm ? 1 : 0)) }
    tensors.append(Tensor(name: name, shape: shape, values: values))
  }

  private mutating func linear(_ module: String, _ rows: Int, _ columns: Int, bias: Bool) {
    add(module + ".weight", [rows, columns])
    if bias { add(module + ".bias", [rows]) }
  }

  /// A Llama model; `biases` gives every linear module of the body one.
  package static func llama(_ size: Size = Size(), tied: Bool = true, biases: Bool = false)
    -> TinyModel
  {
    var model = TinyModel(
      size,
      JSON.Object([
        ("architectures", ["LlamaForCausalLM"]), ("model_type", "llama"),
        ("attention_bias", .bool(biases)), ("hidden_act", "silu"),
        ("hidden_size", .integer(size.hidden)),
        ("intermediate_size", .integer(size.feedForward)),
        ("max_position_embeddings", .integer(size.context)), ("mlp_bias", .bool(biases)),
        ("num_attention_heads", .integer(size.heads)),
        ("num_hidden_layers", .integer(size.layers)),
        ("num_key_value_heads", .integer(size.keyValueHeads)), ("rms_norm_eps", 1e-5),
        ("rope_theta", 10000.0), ("tie_word_embeddings", .bool(tied)),
        ("vocab_size", .integer(size.vocabulary)),
      ]))
    let (hidden, wide) = (size.hidden, size.feedForward)
    let keys = hidden / size.heads * size.keyValueHeads
    model.add("model.embed_tokens.weight", [size.vocabulary, hidden])
    for number in 0..<size.layers {
      let layer = "model.layers.\(number)."
      model.add(layer + "input_layernorm.weight", [hidden])
      model.linear(layer + "self_attn.q_proj", hidden, hidden, bias: biases)
      model.linear(layer + "self_attn.k_proj", keys, hidden, bias: biases)
      model.linear(layer + "self_attn.v_proj", keys, hidden, bias: biases)
      model.linear(layer + "self_attn.o_proj", hidden, hidden, bias: biases)
      model.add(layer + "post_attention_layernorm.weight", [hidden])
      model.linear(layer + "mlp.gate_proj", wide, hidden, bias: biases)
      model.linear(layer + "mlp.up_proj", wide, hidden, bias: biases)
      model.linear(layer + "mlp.down_proj", hidden, wide, bias: biases)
    }
    model.add("model.norm.weight", [hidden])
    if !tied { model.add("lm_head.weight", [size.vocabulary, hidden]) }
    return model
  }

  /// A BERT model with `prefix` before its names; with a pooler; a classifier for `labels` > 0.
  package static func bert(
    _ size: Size = Size(), prefix: String = "", labels: Int = 0, dropout: Double = 0
  ) -> TinyModel {
    let kind = labels > 0 ? "BertForSequenceClassification" : "BertModel"
    var model = TinyModel(
      size,
      JSON.Object([
        ("architectures", [.string(kind)]), ("attention_probs_dropout_prob", .number(dropout)),
        ("model_type", "bert"), ("hidden_act", "gelu"),
        ("hidden_dropout_prob", .number(dropout)), ("hidden_size", .integer(size.hidden)),
        ("intermediate_size", .integer(size.feedForward)), ("layer_norm_eps", 1e-12),
        ("max_position_embeddings", .integer(size.context)),
        ("num_attention_heads", .integer(size.heads)),
        ("num_hidden_layers", .integer(size.layers)), ("type_vocab_size", 2),
        ("vocab_size", .integer(size.vocabulary)),
      ]))
    let (hidden, wide) = (size.hidden, size.feedForward)
    model.add(prefix + "embeddings.word_embeddings.weight", [size.vocabulary, hidden])
    model.add(prefix + "embeddings.position_embeddings.weight", [size.context, hidden])
    model.add(prefix + "embeddings.token_type_embeddings.weight", [2, hidden])
    model.norm(prefix + "embeddings.LayerNorm", hidden)
    for number in 0..<size.layers {
      let layer = prefix + "encoder.layer.\(number)."
      for part in ["query", "key", "value"] {
        model.linear(layer + "attention.self.\(part)", hidden, hidden, bias: true)
      }
      model.linear(layer + "attention.output.dense", hidden, hidden, bias: true)
      model.norm(layer + "attention.output.LayerNorm", hidden)
      model.linear(layer + "intermediate.dense", wide, hidden, bias: true)
      model.linear(layer + "output.dense", hidden, wide, bias: true)
      model.norm(layer + "output.LayerNorm", hidden)
    }
    model.linear(prefix + "pooler.dense", hidden, hidden, bias: true)
    if labels > 0 { model.linear("classifier", labels, hidden, bias: true) }
    return model
  }

  private mutating func norm(_ module: String, _ width: Int) {
    add(module + ".weight", [width])
    add(module + ".bias", [width])
  }
}
