// The computation of a T5. Both sides add to what they have, each block's norm (root mean square,
// without shift) before it; scores are not scaled:
//
//   h += Wo attention(Wq n, Wk n, Wv n; + table[j − i])      n = norm(h)
//   h += Wo attention(Wq n, Wk m, Wv m)                      the decoder alone; m: the encoder's h
//   h += Wo act(Wi n), or Wo (act(Wi₀ n) ∘ Wi₁ n)            h = norm(h) at the end
//
// The encoder's rows are those of the batch's source where a decoder follows. Dropout acts after
// the embedding, within and after each block, and after the last norm.
package import SVFTLayers
package import SVFTTensor

extension T5 {
  package func record(_ graph: Graph) throws(SVFTError) -> Value {
    guard let decoder else { return try recordEncoder(graph) }
    let source = try graph.onSource { () throws(SVFTError) in try recordEncoder(graph) }
    return try record(decoder, about: source, graph)
  }

  package func recordEncoder(_ graph: Graph) throws(SVFTError) -> Value {
    try record(encoder, about: nil, graph)
  }

  /// A side's hidden states after its last norm, [T, hidden].
  private func record(
    _ stack: T5Stack, about source: Value?, _ graph: Graph
  ) throws(SVFTError) -> Value {
    var hidden = dropped(graph.embed(table: embedding, by: .tokens), graph)
    var bias: RelativeBias?
    for (number, layer) in stack.layers.enumerated() {
      graph.beginSegment()
      bias = layer.bias ?? bias
      let shape = shape(number, layer.own, causal: source != nil)
      let normed = try normed(hidden, layer.own.norm, graph)
      hidden = try graph.add(
        hidden, attention(normed, about: normed, layer.own, shape, bias, graph))
      if let cross = layer.cross, let source {
        var shape = self.shape(number, cross, causal: false)
        shape.readsSource = true
        hidden = try graph.add(
          hidden,
          attention(
            self.normed(hidden, cross.norm, graph), about: source, cross, shape, nil, graph))
      }
      hidden = try graph.add(hidden, feedForward(hidden, layer, graph))
      graph.endLayer(hidden)
    }
    return dropped(try normed(hidden, stack.norm, graph), graph)
  }

  private func shape(_ layer: Int, _ attention: T5Attention, causal: Bool) -> AttentionShape {
    AttentionShape(
      heads: settings.heads, keyValueHeads: settings.heads, headWidth: settings.headWidth,
      scale: 1, causal: causal, layer: layer,
      trainsInBF16: attention.value.weight.weight.format.toleratesBF16)
  }

  /// Attention of `hidden` to `other`, which is itself or the source.
  private func attention(
    _ hidden: Value, about other: Value, _ module: T5Attention, _ shape: AttentionShape,
    _ bias: RelativeBias?, _ graph: Graph
  ) throws(SVFTError) -> Value {
    func keysAndValues() throws(SVFTError) -> (Value, Value) {
      try (graph.project(other, module.key), graph.project(other, module.value))
    }
    let query = try graph.project(hidden, module.query)
    let (key, value) =
      shape.readsSource ? try graph.onSource(keysAndValues) : try keysAndValues()
    let attended = graph.attention(
      query, key, value, shape, bias: bias, dropout: Float(settings.dropout))
    return dropped(try graph.project(attended, module.output), graph)
  }

  private func feedForward(
    _ hidden: Value, _ layer: T5Layer, _ graph: Graph
  ) throws(SVFTError) -> Value {
    let normed = try normed(hidden, layer.forwardNorm, graph)
    let first = try graph.project(normed, layer.inputs[0])
    let inner =
      layer.inputs.count == 2
      ? graph.gated(first, try graph.project(normed, layer.inputs[1]), settings.activation)
      : graph.activation(first, settings.activation)
    return dropped(try graph.project(dropped(inner, graph), layer.down), graph)
  }

  private func normed(_ x: Value, _ weight: Slot, _ graph: Graph) throws(SVFTError) -> Value {
    try graph.rmsNorm(x, weight: weight, epsilon: Float(settings.epsilon))
  }

  private func dropped(_ x: Value, _ graph: Graph) -> Value {
    graph.dropped(x, settings.dropout)
  }
}
