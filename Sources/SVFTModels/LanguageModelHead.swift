// The head that predicts the next token: logits = s · W h, capped where a family caps them, with W
// a matrix of its own ("lm_head", "embed_out") or the token embedding itself. A tied matrix is one
// slot with two uses: its gradient sums both, an adapter on the head leaves the embedding alone.
package import SVFTLayers
package import SVFTTensor

/// Hidden states → logits over the vocabulary.
package struct LanguageModelHead: Sendable {
  /// The product, under the name that the family's folders give it.
  package let projection: Projection
  /// Whether its matrix is the token embedding.
  package let isTied: Bool
  /// c where logits are c · tanh(logit / c); nil where they are not capped.
  let cap: Float?
  /// What hidden states are multiplied by before; nil where they are not.
  package let scale: Float?

  package init(projection: Projection, isTied: Bool, cap: Float? = nil, scale: Float? = nil) {
    self.projection = projection
    self.isTied = isTied
    self.cap = cap
    self.scale = scale
  }

  /// Records logits of the rows of `hidden`. [rows, hiddenWidth] → [rows, vocabulary]
  package func record(_ hidden: Value, _ graph: Graph) throws(SVFTError) -> Value {
    let logits = try graph.project(scaled(hidden, graph), projection)
    return cap.map { graph.softCap(logits, at: $0) } ?? logits
  }

  private func scaled(_ hidden: Value, _ graph: Graph) throws(SVFTError) -> Value {
    guard let scale else { return hidden }
    let factors = try Buffer(of: Float.self, count: hidden.width)
    factors.values(Float.self).update(repeating: scale)
    return try graph.scaleColumns(hidden, by: factors)
  }

  /// Tensors of the head that the body does not have.
  package var slots: [Slot] {
    let weight = isTied ? [] : [projection.weight]
    return weight + [projection.bias].compactMap { $0 }
  }
}
