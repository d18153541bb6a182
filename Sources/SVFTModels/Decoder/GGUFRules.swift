// What llama.cpp, the reader of GGUF files, takes for granted of a family whose folders may say
// otherwise: it refuses other files for the number or shape of their tensors, or runs them to NaN.
package import SVFTTensor

/// What every GGUF file of a family of decoders must have.
package struct GGUFRules: Sendable {
  /// What gives logits.
  package enum Head: Sendable { case either, own, embedding }

  package var head = Head.either
  /// Whether linear modules have no biases.
  package var forbidsBiases = false
  /// Whether the heads together are as wide as the hidden states.
  package var fixesHeadWidth = false

  package init(
    head: Head = .either, forbidsBiases: Bool = false, fixesHeadWidth: Bool = false
  ) {
    self.head = head
    self.forbidsBiases = forbidsBiases
    self.fixesHeadWidth = fixesHeadWidth
  }
}

extension DecoderSettings {
  /// Throws `.unsupported` where readers of GGUF files would not take the modules as they are.
  package func require(_ rules: GGUFRules) throws(SVFTError) {
    try requireInGGUF(!rules.forbidsBiases || biases.isEmpty, "biases of this family")
    try requireInGGUF(
      !rules.fixesHeadWidth || heads * headWidth == hidden,
      "that \(heads) heads of \(headWidth) are not as wide as the hidden states, \(hidden)")
  }
}

extension TransformerDecoder {
  package func requireGGUFHead(isTied: Bool) throws(SVFTError) {
    switch Family.ggufRules.head {
    case .either: return
    case .own:
      try settings.requireInGGUF(!isTied, "that the head of this family is its embedding")
    case .embedding:
      try settings.requireInGGUF(isTied, "that the head of this family is not its embedding")
    }
  }
}
