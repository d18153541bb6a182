// OPT (Zhang et al. 2022, arXiv:2205.01068): GPT-2's kind with separate queries, keys and values,
// relu, and positions that begin at row 2 of their table. The model of 350 million norms sums, and
// its words are narrower than its layers. GGUF does not know the family.
package import SVFTFormats
package import SVFTTensor

/// The family of OPT.
package enum OPT: DecoderFamily {
  package static let names = ["opt"]
  package static let className = "OPT"
  package static let constants: [String] = []
  package static let keys = DecoderKeys {
    $0.feedForward = "ffn_dim"
    $0.keyValueHeads = "num_attention_heads"
    $0.activation = "activation_function"
    $0.usualActivation = "relu"
    $0.isUsuallyTied = true
    $0.epsilon = "layer_norm_eps"
    $0.usualEpsilon = 1e-5
  }
  package static let modules = DecoderNames([
    .embedding: "model.decoder.embed_tokens", .positions: "model.decoder.embed_positions",
    .inputProjection: "model.decoder.project_in",
    .attentionNorm: "model.decoder.layers.*.self_attn_layer_norm",
    .query: "model.decoder.layers.*.self_attn.q_proj",
    .key: "model.decoder.layers.*.self_attn.k_proj",
    .value: "model.decoder.layers.*.self_attn.v_proj",
    .attentionOutput: "model.decoder.layers.*.self_attn.out_proj",
    .feedForwardNorm: "model.decoder.layers.*.final_layer_norm",
    .up: "model.decoder.layers.*.fc1", .down: "model.decoder.layers.*.fc2",
    .norm: "model.decoder.final_layer_norm",
    .outputProjection: "model.decoder.project_out", .head: "lm_head", .score: "score",
  ])

  package static func complete(
    _ settings: inout DecoderSettings, _ hyper: Hyperparameters
  ) throws(SVFTError) {
    settings.norm = .layer
    settings.positionOffset = 2
    settings.wordWidth = try hyper.integer(
      "word_embed_proj_dim", in: 1...(1 << 20), default: settings.hidden)
    settings.normsSums = try !hyper.flag("do_layer_norm_before", default: true)
    let isCut = try hyper.flag("_remove_final_layer_norm", default: false)
    if settings.normsSums || isCut { settings.missing = [.norm] }
    if try hyper.flag("enable_bias", default: true) {
      settings.biases = [.query, .key, .value, .attentionOutput, .up, .down]
    }
    let isAffine = try hyper.flag("layer_norm_elementwise_affine", default: true)
    try hyper.refuse(
      "layer_norm_elementwise_affine", unless: isAffine, "a layer norm without weights")
    settings.residualDropout = try hyper.number("dropout", in: 0...0.999, default: 0.1)
  }

  package static func config(_ settings: DecoderSettings) throws(SVFTError) -> [(String, JSON)] {
    [
      ("word_embed_proj_dim", .integer(settings.wordWidth)),
      ("do_layer_norm_before", .bool(!settings.normsSums)),
      ("_remove_final_layer_norm", .bool(settings.missing.contains(.norm))),
      ("enable_bias", .bool(settings.biases.contains(.query))),
      ("dropout", .number(settings.residualDropout)),
    ]
  }

  package static func metadata(_ settings: DecoderSettings) throws(SVFTError)
    -> [(String, GGUFValue)]
  {
    throw SVFTError(
      .unsupported, "a GGUF file cannot hold OPT, which its readers do not know; save a folder")
  }
}
