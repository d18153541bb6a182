// Llama (Touvron et al. 2023, arXiv:2302.13971; 2 and 3 after it, SmolLM 2 with it): pre-norm
// decoder with RMSNorm, rotary positions, grouped-query attention and a gated feed-forward block.
// The other families are told by what they do differently.
package import SVFTFormats
package import SVFTTensor

/// The family of Llama.
package enum Llama: DecoderFamily {
  package static let names = ["llama"]
  package static let className = "Llama"
  package static let interleavesInGGUF = true

  package static func complete(
    _ settings: inout DecoderSettings, _ hyper: Hyperparameters
  ) throws(SVFTError) {
    try settings.readRotary(hyper, keys)
    try settings.readBiases(hyper)
    // Mistral's GGUF files bear this family's name.
    guard hyper.isGGUF else { return }
    try settings.readWindow(hyper)
    try settings.readWindows(hyper) { _ in true }
  }

  package static func config(_ settings: DecoderSettings) throws(SVFTError) -> [(String, JSON)] {
    guard settings.window == nil else {
      return try Mistral.config(settings) + [
        ("model_type", "mistral"), ("architectures", ["MistralForCausalLM"]),
      ]
    }
    return [
      ("attention_bias", .bool(settings.biases.contains(.query))),
      ("mlp_bias", .bool(settings.biases.contains(.up))),
    ]
  }

  package static func metadata(_ settings: DecoderSettings) throws(SVFTError)
    -> [(String, GGUFValue)]
  {
    try settings.windowMetadata { _ in true }
  }
}

extension DecoderSettings {
  /// Reads `attention_bias` and `mlp_bias`, as Llama's heirs call them.
  mutating func readBiases(_ hyper: Hyperparameters) throws(SVFTError) {
    if try hyper.flag("attention_bias", default: false) {
      biases.formUnion([.query, .key, .value, .attentionOutput])
    }
    if try hyper.flag("mlp_bias", default: false) { biases.formUnion([.gate, .up, .down]) }
  }
}
