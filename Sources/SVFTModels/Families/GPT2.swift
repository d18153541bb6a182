// GPT-2 (Radford et al. 2019): pre-norm decoder with layer norms, embedded positions, one matrix
// for queries, keys and values, gelu without a gate, and biases everywhere. Folders hold the linear
// modules of layers transposed (Conv1D).
package import SVFTFormats
package import SVFTLayers
package import SVFTTensor

/// The family of GPT-2.
package enum GPT2: DecoderFamily {
  package static let names = ["gpt2"]
  package static let className = "GPT2"
  package static let languageModelName = "GPT2LMHeadModel"
  package static let taggerModule = "classifier"
  package static let prefix = "transformer."
  /// Masks that older files store.
  package static let constants = ["attn.bias", "attn.masked_bias"]
  package static let transposesInFolders = true
  package static let ggufActivation = ActivationFunction.geluTanh
  package static let keys = DecoderKeys {
    $0.hidden = "n_embd"
    $0.layers = "n_layer"
    $0.feedForward = "n_inner"
    $0.heads = "n_head"
    $0.keyValueHeads = "n_head"
    $0.context = "n_positions"
    $0.epsilon = "layer_norm_epsilon"
    $0.ggufEpsilon = "attention.layer_norm_epsilon"
    $0.activation = "activation_function"
    $0.attentionDropout = "attn_pdrop"
    $0.usualActivation = "gelu_new"
    $0.usualContext = 1024
    $0.usualEpsilon = 1e-5
    $0.isUsuallyTied = true
  }
  package static let modules = DecoderNames([
    .embedding: "transformer.wte", .positions: "transformer.wpe",
    .attentionNorm: "transformer.h.*.ln_1",
    .fusedAttention: "transformer.h.*.attn.c_attn",
    .attentionOutput: "transformer.h.*.attn.c_proj",
    .feedForwardNorm: "transformer.h.*.ln_2",
    .up: "transformer.h.*.mlp.c_fc", .down: "transformer.h.*.mlp.c_proj",
    .norm: "transformer.ln_f", .head: "lm_head", .score: "score",
  ])

  package static func complete(
    _ settings: inout DecoderSettings, _ hyper: Hyperparameters
  ) throws(SVFTError) {
    settings.norm = .layer
    settings.biases = [.fusedAttention, .attentionOutput, .up, .down]
    if try !hyper.flag("scale_attn_weights", default: true) { settings.scoreScale = 1 }
    settings.scalesByLayer = try hyper.flag("scale_attn_by_inverse_layer_idx", default: false)
    let crosses = try hyper.flag("add_cross_attention", default: false)
    try hyper.refuse("add_cross_attention", unless: !crosses, "attention to another sequence")
    guard !hyper.isGGUF else { return }
    settings.attentionDropout = try hyper.number("attn_pdrop", in: 0...0.999, default: 0.1)
    settings.embeddingDropout = try hyper.number("embd_pdrop", in: 0...0.999, default: 0.1)
    settings.residualDropout = try hyper.number("resid_pdrop", in: 0...0.999, default: 0.1)
  }

  package static func config(_ settings: DecoderSettings) throws(SVFTError) -> [(String, JSON)] {
    [
      ("scale_attn_weights", .bool(settings.scoreScale != 1)),
      ("scale_attn_by_inverse_layer_idx", .bool(settings.scalesByLayer)),
      ("embd_pdrop", .number(settings.embeddingDropout)),
      ("resid_pdrop", .number(settings.residualDropout)),
    ]
  }

  package static func metadata(_ settings: DecoderSettings) throws(SVFTError)
    -> [(String, GGUFValue)]
  {
    let isUsual = settings.scoreScale != 1 && !settings.scalesByLayer
    try settings.requireInGGUF(isUsual || settings.headWidth == 1, "how scores are scaled")
    return []
  }
}
