// Phi-3 and its heirs up to Phi-4 (Abdin et al. 2024, arXiv:2404.14219): Llama with queries, keys
// and values in one matrix, gate and up in another, LongRoPE for long contexts, and, in some, a
// window or only a part of each head that turns.
package import SVFTFormats
package import SVFTTensor

/// The family of Phi-3.
package enum Phi3: DecoderFamily {
  package static let names = ["phi3"]
  package static let className = "Phi3"
  package static let keys = DecoderKeys {
    $0.usualContext = 4096
    $0.usualEpsilon = 1e-5
  }
  package static let modules = DecoderNames.usual.with([
    .query: nil, .key: nil, .value: nil, .gate: nil,
    .fusedAttention: "model.layers.*.self_attn.qkv_proj",
    .up: "model.layers.*.mlp.gate_up_proj",
  ])

  package static func complete(
    _ settings: inout DecoderSettings, _ hyper: Hyperparameters
  ) throws(SVFTError) {
    settings.fusesGate = true
    try settings.readRotary(hyper, keys, part: RopeScaling.partialFactor(hyper))
    try settings.readWindow(hyper)
    for number in settings.layerRules.indices {
      settings.layerRules[number].isWindowed = settings.window != nil
    }
    settings.embeddingDropout = try hyper.number("embd_pdrop", in: 0...0.999, default: 0)
    settings.residualDropout = try hyper.number("resid_pdrop", in: 0...0.999, default: 0)
  }

  package static func config(_ settings: DecoderSettings) throws(SVFTError) -> [(String, JSON)] {
    var list: [(String, JSON)] = [
      ("sliding_window", settings.window.map { .integer($0) } ?? .null),
      ("embd_pdrop", .number(settings.embeddingDropout)),
      ("resid_pdrop", .number(settings.residualDropout)),
    ]
    if case .longrope(let rule) = settings.rotary?.scaling {
      list.append(("original_max_position_embeddings", .integer(rule.original)))
    }
    return list
  }

  package static func metadata(_ settings: DecoderSettings) throws(SVFTError)
    -> [(String, GGUFValue)]
  {
    try settings.windowMetadata { _ in true }
  }
}
