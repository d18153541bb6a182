// The computation of a decoder, as its family builds it:
//
//   h += norm'(Wo attention(rope(Wq n), rope(Wk n), Wv n)),  n = norm(h)
//   h += norm'(Wdown (act(Wgate m) ∘ Wup m)),                m = norm(h)
//
// with norm, norm' or both absent; with both branches from the same h; without a gate; with one
// matrix for queries, keys and values; or with h = norm(h + …).
package import SVFTLayers
package import SVFTTensor

extension TransformerDecoder {
  package func record(_ graph: Graph) throws(SVFTError) -> Value {
    var hidden = graph.embed(
      table: embedding, by: .tokens, scale: Float(settings.embeddingScale))  // [T, word width]
    if let inputProjection { hidden = try graph.project(hidden, inputProjection) }  // [T, hidden]
    if let positions {
      hidden = graph.add(
        hidden, graph.embed(table: positions, by: .positions, offset: settings.positionOffset))
    }
    hidden = graph.dropped(hidden, settings.embeddingDropout)
    for (number, layer) in layers.enumerated() {
      graph.beginSegment()
      let attended = try attention(hidden, layer, number, graph)
      if settings.isParallel {
        let forward = try feedForward(hidden, layer, graph)
        hidden = graph.add(graph.add(hidden, attended), forward)
      } else {
        hidden = try sum(hidden, attended, layer.attentionNorm, graph)
        hidden = try sum(
          hidden, feedForward(hidden, layer, graph), layer.feedForwardNorm, graph)
      }
      graph.endLayer(hidden)
    }
    hidden = try normed(hidden, norm, graph)
    return try outputProjection.map { (last) throws(SVFTError) in
      try graph.project(hidden, last)
    } ?? hidden
  }

  /// What goes into a block: normalised unless sums are.
  private func input(_ hidden: Value, _ norm: DecoderNorm?, _ graph: Graph) throws(SVFTError)
    -> Value
  {
    settings.normsSums ? hidden : try normed(hidden, norm, graph)
  }

  private func sum(
    _ hidden: Value, _ branch: Value, _ norm: DecoderNorm?, _ graph: Graph
  ) throws(SVFTError) -> Value {
    let sum = graph.add(hidden, branch)
    return settings.normsSums ? try normed(sum, norm, graph) : sum
  }

  private func normed(
    _ x: Value, _ norm: DecoderNorm?, _ graph: Graph
  ) throws(SVFTError) -> Value {
    guard let norm else { return x }
    let epsilon = Float(settings.epsilon)
    if let bias = norm.bias {
      return graph.layerNorm(x, weight: norm.weight, bias: bias, epsilon: epsilon)
    }
    return try graph.rmsNorm(
      x, weight: norm.weight, epsilon: epsilon,
      offset: settings.norm == .rootMeanSquarePlusOne ? 1 : 0)
  }

  private func attention(
    _ hidden: Value, _ layer: DecoderLayer, _ number: Int, _ graph: Graph
  ) throws(SVFTError) -> Value {
    let s = settings
    var (query, key, value) = try queriesKeysValues(
      input(hidden, layer.attentionNorm, graph), layer, graph)
    query = try normed(query, layer.queryNorm, graph)
    key = try normed(key, layer.keyNorm, graph)
    let rule = s.layerRules[number]
    if rule.isRotated, let rotary = rule.isWindowed ? windowRotary ?? rotary : rotary {
      query = graph.rope(query, rotary, heads: s.heads)
      key = graph.rope(key, rotary, heads: s.keyValueHeads)
    }
    let scale = s.scalesByLayer ? s.scoreScale / Double(number + 1) : s.scoreScale
    let shape = AttentionShape(
      heads: s.heads, keyValueHeads: s.keyValueHeads, headWidth: s.headWidth, scale: Float(scale),
      causal: true, layer: number, window: rule.isWindowed ? s.window : nil,
      scoreCap: s.scoreCap.map { Float($0) },
      trainsInBF16: layer.attentionInputs.allSatisfy { $0.weight.weight.format.toleratesBF16 })
    let attended = graph.attention(
      query, key, value, shape, dropout: Float(s.attentionDropout))
    return try result(
      graph.project(attended, layer.attentionOutput), layer.attentionResultNorm, graph)
  }

  /// [T, heads · head width] and twice [T, key-value heads · head width]
  private func queriesKeysValues(
    _ normed: Value, _ layer: DecoderLayer, _ graph: Graph
  ) throws(SVFTError) -> (query: Value, key: Value, value: Value) {
    guard layer.attentionInputs.count == 1, let fused = layer.attentionInputs.first else {
      let parts = try layer.attentionInputs.map { (projection) throws(SVFTError) in
        try graph.project(normed, projection)
      }
      return (parts[0], parts[1], parts[2])
    }
    let (s, all) = (settings, try graph.project(normed, fused))
    let isByHead = s.fusesByHead && fused.weight.rowOrder == .canonical
    func part(_ first: Int, _ heads: Int) throws(SVFTError) -> Value {
      let blocks =
        isByHead
        ? ColumnBlocks(
          first: first / heads, width: s.headWidth, stride: 3 * s.headWidth, count: heads)
        : ColumnBlocks(first: first, width: heads * s.headWidth)
      return try graph.columns(all, blocks)
    }
    let (queries, keys) = (s.heads * s.headWidth, s.keyValueHeads * s.headWidth)
    return try (
      part(0, s.heads), part(queries, s.keyValueHeads), part(queries + keys, s.keyValueHeads)
    )
  }

  private func feedForward(
    _ hidden: Value, _ layer: DecoderLayer, _ graph: Graph
  ) throws(SVFTError) -> Value {
    let s = settings
    let normed = try input(hidden, layer.feedForwardNorm, graph)
    let first = try graph.project(normed, layer.feedForwardInputs[0])
    let inner: Value
    if layer.feedForwardInputs.count == 2 {
      inner = graph.gated(
        first, try graph.project(normed, layer.feedForwardInputs[1]), s.activation)
    } else if s.fusesGate {
      inner = try graph.gated(
        graph.columns(first, ColumnBlocks(first: 0, width: s.feedForward)),
        graph.columns(first, ColumnBlocks(first: s.feedForward, width: s.feedForward)),
        s.activation)
    } else {
      inner = graph.activation(first, s.activation)
    }
    return try result(graph.project(inner, layer.down), layer.feedForwardResultNorm, graph)
  }

  /// What a block gives, as it is added.
  private func result(
    _ branch: Value, _ norm: DecoderNorm?, _ graph: Graph
  ) throws(SVFTError) -> Value {
    graph.dropped(try normed(branch, norm, graph), settings.residualDropout)
  }
}

extension Graph {
  /// Records dropout where a graph trains and `probability` is above 0; `x` itself elsewhere.
  func dropped(_ x: Value, _ probability: Double) -> Value {
    guard training, probability > 0 else { return x }
    return dropout(x, Float(probability))
  }
}
