// RoBERTa (Liu et al. 2019, arXiv:1907.11692): BERT whose positions begin behind the id that pads,
// with a class head of its own. XLM-RoBERTa (Conneau et al. 2019, arXiv:1911.02116) and CamemBERT
// are the same with unigrams for a tokenizer. GGUF files hold all of them as a BERT with such a
// tokenizer and without the rows of positions before the first token's.
package import SVFTTensor

/// The family of RoBERTa.
package enum RoBERTa: EncoderFamily {
  package static let names = ["bert", "xlm-roberta", "camembert", "roberta"]
  package static let className = "Roberta"
  package static let prefix = "roberta."
  package static let headModules = (dense: "classifier.dense", classifier: "classifier.out_proj")
  package static let dropsBeforeHead = true

  package static func recognises(_ hyper: Hyperparameters) throws(SVFTError) -> Bool {
    if hyper.isGGUF { try isMeant(by: hyper) } else { true }
  }

  /// Whether a GGUF file that says "bert" has a tokenizer of byte pairs or unigrams.
  static func isMeant(by hyper: Hyperparameters) throws(SVFTError) -> Bool {
    guard hyper.isGGUF else { return false }
    return ["gpt2", "t5"].contains(
      try hyper.text("", gguf: "tokenizer.ggml.model", default: ""))
  }

  package static func positionOffset(_ hyper: Hyperparameters) throws(SVFTError) -> Int {
    try hyper.integer(
      "pad_token_id", gguf: "tokenizer.ggml.padding_token_id", in: 0...(1 << 24), default: 1) + 1
  }
}
