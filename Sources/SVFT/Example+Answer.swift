// Examples of encoder-decoders: the encoder reads the source, the decoder is given the start token
// and the answer but for its last token, and predicts the answer.
//
//   source  s₀ s₁ … sₙ        ids  start a₀ a₁ … aₘ₋₁        labels  a₀ a₁ … aₘ

extension Example {
  /// What a model with this start token should answer; -100 counts nothing, and reads as `start`.
  package init(source: [Int32], answer: [Int32], start: Int32) {
    let inputs = answer.dropLast().map { $0 < 0 ? start : $0 }
    self.init(ids: answer.isEmpty ? [] : [start] + inputs, labels: answer)
    self.source = source
  }

  /// The same example for a model with that start token, nil for one that reads one text alone: the
  /// text is read, and given to the decoder once more, as transformers classifies with T5.
  package func repeated(from start: Int32?) -> Example {
    guard let start, source.isEmpty else { return self }
    var other = self
    other.source = ids
    other.ids = ids.isEmpty ? [] : [start] + ids.dropLast()
    if !labels.isEmpty { other.labels = ids }
    return other
  }
}
