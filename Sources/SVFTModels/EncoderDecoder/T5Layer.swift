// The weights of one block of T5's encoder or decoder, and how they are called:
//
//   layer.0                    SelfAttention q k v o, and in some layers the table of distances
//   layer.1 of the decoder     EncDecAttention q k v o
//   layer.1, of the decoder 2  DenseReluDense wi wo, or wi_0 (the gate) wi_1 wo
//
// each with a norm before it. No module has a bias.
import SVFTLayers
import SVFTTensor

/// Queries, keys, values and output of one attention, with the norm before them.
struct T5Attention {
  let norm: Slot
  let query: Projection
  let key: Projection
  let value: Projection
  let output: Projection

  init(
    _ block: String, _ module: String, _ s: T5Settings, _ weights: inout WeightReader
  ) throws(SVFTError) {
    let (hidden, all, name) = (s.hidden, s.attentionWidth, block + module)
    norm = try weights.take(block + "layer_norm.weight", [hidden])
    query = try weights.projection(name + ".q", rows: all, columns: hidden, bias: false)
    key = try weights.projection(name + ".k", rows: all, columns: hidden, bias: false)
    value = try weights.projection(name + ".v", rows: all, columns: hidden, bias: false)
    output = try weights.projection(name + ".o", rows: hidden, columns: all, bias: false)
  }

  var projections: [Projection] { [query, key, value, output] }
}

/// One block.
struct T5Layer {
  let own: T5Attention
  /// The attention to the text that is read; nil in the encoder.
  let cross: T5Attention?
  let forwardNorm: Slot
  /// The gate, where there is one, and what goes up.
  let inputs: [Projection]
  let down: Projection
  /// Numbers by distance; nil where an earlier layer's are used.
  let bias: RelativeBias?

  init(
    _ stack: String, _ number: Int, _ s: T5Settings, _ weights: inout WeightReader
  ) throws(SVFTError) {
    let block = "\(stack).block.\(number).layer."
    let decodes = stack == "decoder"
    own = try T5Attention(block + "0.", "SelfAttention", s, &weights)
    cross = decodes ? try T5Attention(block + "1.", "EncDecAttention", s, &weights) : nil
    let place = block + (decodes ? "2." : "1.")
    let (hidden, inner) = (s.hidden, s.feedForward)
    forwardNorm = try weights.take(place + "layer_norm.weight", [hidden])
    var inputs: [Projection] = []
    for name in s.isGated ? ["wi_0", "wi_1"] : ["wi"] {
      let module = place + "DenseReluDense." + name
      inputs.append(try weights.projection(module, rows: inner, columns: hidden, bias: false))
    }
    self.inputs = inputs
    let module = place + "DenseReluDense.wo"
    down = try weights.projection(module, rows: hidden, columns: inner, bias: false)
    guard number == 0 || s.biasesEachLayer else {
      bias = nil
      return
    }
    let table = block + "0.SelfAttention.relative_attention_bias.weight"
    bias = try RelativeBias(
      weights.take(table, [s.buckets, s.heads]), farthest: s.farthest, isBidirectional: !decodes)
  }

  var projections: [Projection] {
    own.projections + (cross?.projections ?? []) + inputs + [down]
  }

  var slots: [Slot] {
    projections.map(\.weight) + [own.norm, cross?.norm, forwardNorm].compactMap { $0 }
      + [bias?.table].compactMap { $0 }
  }
}
