// Llama (Touvron et al. 2023, arXiv:2302.13971; 2 and 3 after it): pre-norm decoder with RMSNorm,
// rotary positions, grouped-query attention and a gated feed-forward block.
//
//   h += Wo attention(rope(Wq n), rope(Wk n), Wv n),  n = rms(h)
//   h += Wdown (act(Wgate m) ∘ Wup m),                m = rms(h)
//
// GGUF files hold the rows of Wq and Wk as interleaved rotary pairs, Hugging Face folders as
// halves. Both are multiplied as they lie; attention does not see the difference, because queries
// and keys agree on it.
import SVFTFormats
package import SVFTLayers
package import SVFTTensor

/// A model of the Llama family.
package final class Llama: Architecture, @unchecked Sendable {
  package static let names = ["llama"]

  package static let tensorNames = TensorNames(
    prefix: "model.", constants: ["rotary_emb.inv_freq"],
    [
      "model.embed_tokens": "token_embd",
      "model.layers.*.input_layernorm": "blk.*.attn_norm",
      "model.layers.*.self_attn.q_proj": "blk.*.attn_q",
      "model.layers.*.self_attn.k_proj": "blk.*.attn_k",
      "model.layers.*.self_attn.v_proj": "blk.*.attn_v",
      "model.layers.*.self_attn.o_proj": "blk.*.attn_output",
      "model.layers.*.post_attention_layernorm": "blk.*.ffn_norm",
      "model.layers.*.mlp.gate_proj": "blk.*.ffn_gate",
      "model.layers.*.mlp.up_proj": "blk.*.ffn_up",
      "model.layers.*.mlp.down_proj": "blk.*.ffn_down",
      "model.norm": "output_norm",
      "lm_head": "output",
      "score": "cls.output",
      "model.rope_factors": "rope_freqs",
    ])

  /// One block of the stack.
  private struct Layer {
    let attentionNorm: Slot
    let query: Projection
    let key: Projection
    let value: Projection
    let output: Projection
    let feedForwardNorm: Slot
    let gate: Projection
    let up: Projection
    let down: Projection

    var projections: [Projection] { [query, key, value, output, gate, up, down] }
  }

  package let settings: Settings
  package let geometry: Geometry
  package let languageModelHead: LanguageModelHead?
  private let rotary: RotaryEmbedding
  private let embedding: Slot
  private let layers: [Layer]
  private let norm: Slot

  package init(_ hyper: Hyperparameters, _ weights: inout WeightReader) throws(SVFTError) {
    let stored = weights.entry("model.embed_tokens.weight")?.shape.first
    var settings = try Settings(hyper, stored: stored)
    let hidden = settings.hidden
    embedding = try weights.take("model.embed_tokens.weight", [settings.vocabulary, hidden])
    if hyper.isGGUF { try Self.completeFromTensors(&settings, &weights) }
    var layers: [Layer] = []
    for number in 0..<settings.layers {
      layers.append(try Self.layer(number, settings, hyper, &weights))
    }
    self.layers = layers
    norm = try weights.take("model.norm.weight", [hidden])
    languageModelHead = try Self.head(&settings, hyper, embedding, &weights)
    rotary = RotaryEmbedding(
      inverseFrequencies: settings.scaling.inverseFrequencies(
        theta: settings.theta, headWidth: settings.headWidth),
      order: hyper.isGGUF ? .interleaved : .halves)
    self.settings = settings
    geometry = settings.geometry
  }

  /// What a GGUF file says by the tensors it has, not by its metadata.
  private static func completeFromTensors(
    _ settings: inout Settings, _ weights: inout WeightReader
  ) throws(SVFTError) {
    settings.attentionBias = weights.has("model.layers.0.self_attn.q_proj.bias")
    settings.feedForwardBias = weights.has("model.layers.0.mlp.gate_proj.bias")
    if weights.has("model.rope_factors.weight") {
      let factors = try weights.take("model.rope_factors.weight", [settings.headWidth / 2])
      let values = withExtendedLifetime(factors) {
        Array(factors.weight.bytes.values(Float.self))
      }
      guard MemoryLedger.isRehearsing || values.allSatisfy({ $0.isFinite && $0 > 0 }) else {
        throw SVFTError(.format, "\(weights.source.path): rope_freqs: expected factors above 0")
      }
      // Both at once divide by both.
      if case .linear(let factor) = settings.scaling {
        settings.scaling = .factors(values.map { $0 * Float(factor) })
      } else {
        settings.scaling = .factors(values)
      }
    }
  }

  private static func layer(
    _ number: Int, _ s: Settings, _ hyper: Hyperparameters, _ weights: inout WeightReader
  ) throws(SVFTError) -> Layer {
    let layer = "model.layers.\(number)."
    let queries = s.heads * s.headWidth
    let keys = s.keyValueHeads * s.headWidth
    let order = hyper.isGGUF ? RowOrder.interleaved(headWidth: s.headWidth) : .canonical
    let bias = s.attentionBias
    return try Layer(
      attentionNorm: weights.take(layer + "input_layernorm.weight", [s.hidden]),
      query: weights.projection(
        layer + "self_attn.q_proj", rows: queries, columns: s.hidden, bias: bias, rowOrder: order),
      key: weights.projection(
        layer + "self_attn.k_proj", rows: keys, columns: s.hidden, bias: bias, rowOrder: order),
      value: weights.projection(
        layer + "self_attn.v_proj", rows: keys, columns: s.hidden, bias: bias),
      output: weights.projection(
        layer + "self_attn.o_proj", rows: s.hidden, columns: queries, bias: bias),
      feedForwardNorm: weights.take(layer + "post_attention_layernorm.weight", [s.hidden]),
      gate: weights.projection(
        layer + "mlp.gate_proj", rows: s.feedForward, columns: s.hidden, bias: s.feedForwardBias),
      up: weights.projection(
        layer + "mlp.up_proj", rows: s.feedForward, columns: s.hidden, bias: s.feedForwardBias),
      down: weights.projection(
        layer + "mlp.down_proj", rows: s.hidden, columns: s.feedForward, bias: s.feedForwardBias))
  }

  /// A matrix of its own, or the embedding: as config.json says, or as a GGUF file has one or not.
  private static func head(
    _ settings: inout Settings, _ hyper: Hyperparameters, _ embedding: Slot,
    _ weights: inout WeightReader
  ) throws(SVFTError) -> LanguageModelHead? {
    let name = "lm_head.weight"
    if hyper.isGGUF { settings.isTied = !weights.has(name) }
    if settings.isTied {
      weights.skip(name)
      return LanguageModelHead(
        projection: Projection(name: "lm_head", weight: embedding, bias: nil), isTied: true)
    }
    // A body saved alone, or with a class head, has none; a language model without one is broken.
    let kinds = hyper.isGGUF ? [] : try hyper.strings("architectures")
    guard weights.has(name) || kinds.contains(where: { $0.hasSuffix("CausalLM") }) else {
      return nil
    }
    return try LanguageModelHead(
      projection: weights.projection(
        "lm_head", rows: settings.vocabulary, columns: settings.hidden, bias: false),
      isTied: false)
  }

  package func classHead(_ weights: inout WeightReader, fresh: ClassHead.Fresh?) throws(SVFTError)
    -> ClassHead?
  {
    let stored = try ClassHead.stored("score", columns: settings.hidden, bias: false, &weights)
    if let stored { return ClassHead(selection: .last, classifier: stored, isFresh: false) }
    guard let fresh else { return nil }
    let score = try fresh.projection(
      "score", rows: fresh.outputs, columns: settings.hidden, bias: false)
    return ClassHead(selection: .last, classifier: score, isFresh: true)
  }

  package var projections: [Projection] { layers.flatMap(\.projections) }

  package var slots: [Slot] {
    let blocks = layers.flatMap { layer in
      [layer.attentionNorm, layer.feedForwardNorm]
        + layer.projections.flatMap { [$0.weight, $0.bias] }.compactMap { $0 }
    }
    return [embedding] + blocks + [norm]
  }

  package func record(_ graph: Graph) throws(SVFTError) -> Value {
    var hidden = graph.embed(table: embedding, by: .tokens)  // [T, hidden]
    for (number, layer) in layers.enumerated() {
      graph.beginSegment()
      let attended = try attention(hidden, layer, number, graph)
      hidden = graph.add(hidden, attended)
      let normed = graph.rmsNorm(
        hidden, weight: layer.feedForwardNorm, epsilon: Float(settings.epsilon))
      let gated = try graph.gated(
        graph.project(normed, layer.gate), graph.project(normed, layer.up), settings.activation)
      hidden = try graph.add(hidden, graph.project(gated, layer.down))
    }
    return graph.rmsNorm(hidden, weight: norm, epsilon: Float(settings.epsilon))
  }

  private func attention(_ hidden: Value, _ layer: Layer, _ number: Int, _ graph: Graph)
    throws(SVFTError) -> Value
  {
    let s = settings
    let normed = graph.rmsNorm(hidden, weight: layer.attentionNorm, epsilon: Float(s.epsilon))
    let query = try graph.project(normed, layer.query)  // [T, heads × head width]
    let key = try graph.project(normed, layer.key)  // [T, key-value heads × head width]
    let value = try graph.project(normed, layer.value)
    let shape = AttentionShape(
      heads: s.heads, keyValueHeads: s.keyValueHeads, headWidth: s.headWidth,
      scale: 1 / Float(s.headWidth).squareRoot(), causal: true, layer: number,
      trainsInBF16: layer.value.weight.weight.format.toleratesBF16)
    let attended = graph.attention(
      graph.rope(query, rotary, heads: s.heads), graph.rope(key, rotary, heads: s.keyValueHeads),
      value, shape, dropout: Float(s.attentionDropout))
    return try graph.project(attended, layer.output)
  }
}
