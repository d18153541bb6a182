// What a decoder says of itself: a config.json that transformers reads, metadata that llama.cpp
// reads, and how GGUF files hold its tensors.
package import SVFTFormats
import SVFTLayers
package import SVFTTensor

extension TransformerDecoder {
  package var name: String { Family.ggufName }
  package var classifierName: String { Family.className + "ForSequenceClassification" }

  package func config() throws(SVFTError) -> JSON.Object {
    let (s, keys) = (settings, Family.keys)
    let kind = languageModelHead == nil ? Family.className + "Model" : Family.languageModelName
    var config = JSON.Object([
      ("architectures", [.string(kind)]), ("model_type", .string(Family.names.last ?? "")),
      (keys.attentionDropout, .number(s.attentionDropout)),
      (keys.activation, .string(s.activation.configName)),
      (keys.hidden, .integer(s.hidden)), ("initializer_range", 0.02),
      (keys.feedForward, .integer(s.feedForward)), (keys.context, .integer(s.statedContext)),
      (keys.heads, .integer(s.heads)), (keys.layers, .integer(s.layers)),
      (keys.epsilon, .number(s.epsilon)), ("tie_word_embeddings", .bool(s.isTied)),
      ("use_cache", true), ("vocab_size", .integer(s.vocabulary)),
    ])
    if let rotary = s.rotary {
      config["head_dim"] = .integer(s.headWidth)
      config[keys.keyValueHeads] = .integer(s.keyValueHeads)
      config[keys.theta] = .number(rotary.theta)
      config["rope_scaling"] = try rotary.scaling.json(
        theta: rotary.theta, headWidth: s.rotatedWidth)
      if s.rotatedWidth != s.headWidth {
        config["partial_rotary_factor"] = .number(Double(s.rotatedWidth) / Double(s.headWidth))
      }
    }
    for (key, value) in try Family.config(s) { config[key] = value }
    return config
  }

  package func metadata() throws(SVFTError) -> [(key: String, value: GGUFValue)] {
    let (s, keys) = (settings, Family.keys)
    let own = try Family.metadata(s)
    try s.activation.requireInGGUF(Family.ggufActivation)
    try s.require(Family.ggufRules)
    var list: [(key: String, value: GGUFValue)] = try [
      ("block_count", .uint32(s.layers)), ("context_length", .uint32(s.context)),
      ("embedding_length", .uint32(s.hidden)),
      ("feed_forward_length", .uint32(s.feedForward)),
      ("attention.head_count", .uint32(s.heads)),
      ("attention.head_count_kv", .uint32(s.keyValueHeads)),
      ("attention.key_length", .uint32(s.headWidth)),
      ("attention.value_length", .uint32(s.headWidth)),
      (keys.ggufEpsilon, .float32(Float(s.epsilon))),
      ("vocab_size", .uint32(s.vocabulary)),
    ]
    if let rotary = s.rotary {
      list.append(("rope.dimension_count", try .uint32(s.rotatedWidth)))
      list.append(("rope.freq_base", .float32(Float(rotary.theta))))
    }
    for (key, value) in own { list.append((key, value)) }
    let prefixed = list.map { (key: "\(name).\($0.key)", value: $0.value) }
    return [("general.architecture", .string(name))] + prefixed
      + (try s.rotary?.scaling.metadata(name) ?? [])
  }

  package func ggufLayout(_ name: String) -> FileLayout {
    let module = name.split(separator: ".").dropLast().joined(separator: ".")
    var number = 0
    for part in name.split(separator: ".") { number = Int(part) ?? number }
    let names = Family.modules
    func isPart(_ part: DecoderPart) -> Bool { names.has(part) && names(part, number) == module }
    if isPart(.query) || isPart(.key) {
      return FileLayout(
        rowOrder: Family.interleavesInGGUF
          ? .interleaved(headWidth: settings.headWidth) : .canonical)
    }
    if isPart(.fusedAttention) { return FileLayout(rowOrder: settings.fusedOrder) }
    let isNorm = DecoderPart.norms.contains { isPart($0) }
    return FileLayout(offset: isNorm && settings.norm == .rootMeanSquarePlusOne ? 1 : 0)
  }

  package var ggufTensors: [(name: String, values: [Float])] {
    guard let rotary = settings.rotary else { return [] }
    if case .longrope(let rule) = rotary.scaling {
      return [
        (DecoderPart.longFactors.rawValue + ".weight", rule.long),
        (DecoderPart.shortFactors.rawValue + ".weight", rule.short),
      ]
    }
    let factors = rotary.scaling.factors(theta: rotary.theta, headWidth: settings.rotatedWidth)
    return factors.map { [(DecoderPart.ropeFactors.rawValue + ".weight", $0)] } ?? []
  }
  package var ggufAddends: [String] {
    Family.modules.has(.positions) ? [Family.modules(.positions) + ".weight"] : []
  }
}

extension DecoderSettings {
  /// Throws `.unsupported` for a model whose GGUF file readers would run otherwise: `what` it has
  /// and they have not.
  func requireInGGUF(_ holds: Bool, _ what: @autoclosure () -> String) throws(SVFTError) {
    guard !holds else { return }
    throw SVFTError(
      .unsupported,
      "a GGUF file cannot say \(what()), and readers would run the model without; save a folder "
        + "instead")
  }

  /// Metadata of a window that layers have by `rule`, which readers of GGUF files know.
  ///
  /// `.unsupported` where other layers have it.
  func windowMetadata(
    _ rule: (_ layer: Int) -> Bool
  ) throws(SVFTError) -> [(String, GGUFValue)] {
    guard let window else { return [] }
    let isUsual = layerRules.indices.allSatisfy { layerRules[$0].isWindowed == rule($0) }
    try requireInGGUF(isUsual, "which layers have the window of \(window) tokens")
    return [("attention.sliding_window", try .uint32(window))]
  }

  /// `layer_types` of config.json.
  var layerTypes: JSON {
    .array(layerRules.map { .string($0.isWindowed ? "sliding_attention" : "full_attention") })
  }
}
