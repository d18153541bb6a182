// RoBERTa (Liu et al. 2019, arXiv:1907.11692): BERT whose positions begin behind the id that pads,
// with a class head of its own. llama.cpp holds it as a BERT with a cut table of positions, which
// is not written.
import SVFTFormats
package import SVFTTensor

/// The family of RoBERTa.
package enum RoBERTa: EncoderFamily {
  package static let names = ["roberta"]
  package static let className = "Roberta"
  package static let prefix = "roberta."
  package static let headModules = (dense: "classifier.dense", classifier: "classifier.out_proj")
  package static let dropsBeforeHead = true

  package static func positionOffset(_ hyper: Hyperparameters) throws(SVFTError) -> Int {
    try hyper.integer("pad_token_id", in: 0...(1 << 24), default: 1) + 1
  }

  package static func requireInGGUF() throws(SVFTError) {
    throw SVFTError(
      .unsupported,
      "a GGUF file cannot say where RoBERTa's positions begin; save a folder instead")
  }
}
