// OLMo 2 (OLMo Team 2025, arXiv:2501.00656): Llama with norms on what each block gives in place of
// those on what goes in, and norms on queries and keys as a whole.
package import SVFTFormats
package import SVFTTensor

/// The family of OLMo 2.
package enum OLMo2: DecoderFamily {
  package static let names = ["olmo2"]
  package static let className = "Olmo2"
  package static let keys = DecoderKeys { $0.usualEpsilon = 1e-5 }
  package static let ggufRules = GGUFRules(head: .own, forbidsBiases: true, fixesHeadWidth: true)
  package static let modules = DecoderNames.usual.with([
    .attentionNorm: nil, .feedForwardNorm: nil,
    .queryNorm: "model.layers.*.self_attn.q_norm", .keyNorm: "model.layers.*.self_attn.k_norm",
    .attentionResultNorm: "model.layers.*.post_attention_layernorm",
    .feedForwardResultNorm: "model.layers.*.post_feedforward_layernorm",
  ])

  package static func complete(
    _ settings: inout DecoderSettings, _ hyper: Hyperparameters
  ) throws(SVFTError) {
    settings.normsWholeQueries = true
    try settings.readRotary(hyper, keys)
    try settings.readBiases(hyper)
  }

  package static func config(_ settings: DecoderSettings) throws(SVFTError) -> [(String, JSON)] {
    [("attention_bias", .bool(settings.biases.contains(.query)))]
  }
}
