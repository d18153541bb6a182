// BERT (Devlin et al. 2018, arXiv:1810.04805): the first of its kind. Its class head goes through
// the pooler that it was trained with.
package import SVFTTensor

/// The family of BERT.
package enum BERT: EncoderFamily {
  package static let names = ["bert"]
  package static let className = "Bert"
  package static let prefix = "bert."
  package static let headModules = (dense: "bert.pooler.dense", classifier: "classifier")

  package static func recognises(_ hyper: Hyperparameters) throws(SVFTError) -> Bool {
    try !RoBERTa.isMeant(by: hyper)
  }
}
