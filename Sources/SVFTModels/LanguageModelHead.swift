// The head that predicts the next token: logits = W h, capped where a family caps them, with W a
// matrix of its own ("lm_head", "embed_out") or the token embedding itself. A tied matrix is one
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

  /// Records logits of the rows of `hidden`. [rows, hiddenWidth] → [rows, vocabulary]
  package func record(_ hidden: Value, _ graph: Graph) throws(SVFTError) -> Value {
    let logits = try graph.project(hidden, projection)
    return cap.map { graph.softCap(logits, at: $0) } ?? logits
  }

  /// Tensors of the head that the body does not have.
  package var slots: [Slot] {
    let weight = isTied ? [] : [projection.weight]
    return weight + [projection.bias].compactMap { $0 }
  }
}
