// What tells one family of encoders from another: names, where positions begin, how a class head is
// built. The computation is in TransformerEncoder.
package import SVFTTensor

/// One family of encoders of BERT's kind.
package protocol EncoderFamily: SendableMetatype {
  /// Values of `general.architecture` in GGUF files and of `model_type` in config.json, the one
  /// that is written last.
  static var names: [String] { get }
  /// What transformers calls its classes before "Model", "ForSequenceClassification" …
  static var className: String { get }
  /// What names of the body's tensors begin with: "bert.".
  static var prefix: String { get }
  /// The modules of a class head: the dense layer with tanh, and what gives the classes.
  static var headModules: (dense: String, classifier: String) { get }
  /// Whether a class head drops numbers before its dense layer too.
  static var dropsBeforeHead: Bool { get }
  /// The row of the position table that belongs to the first token.
  static func positionOffset(_ hyper: Hyperparameters) throws(SVFTError) -> Int
  /// Whether a checkpoint that says one of the names is of this family.
  static func recognises(_ hyper: Hyperparameters) throws(SVFTError) -> Bool
}

extension EncoderFamily {
  package static func recognises(_ hyper: Hyperparameters) throws(SVFTError) -> Bool { true }
  package static var dropsBeforeHead: Bool { false }
  package static func positionOffset(_ hyper: Hyperparameters) throws(SVFTError) -> Int { 0 }

  /// Names in both dialects.
  static var tensorNames: TensorNames {
    let layer = prefix + "encoder.layer.*."
    return TensorNames(
      prefix: prefix, constants: ["position_ids", "token_type_ids"],
      older: ["LayerNorm.weight": "LayerNorm.gamma", "LayerNorm.bias": "LayerNorm.beta"],
      [
        (prefix + "embeddings.word_embeddings", "token_embd"),
        (prefix + "embeddings.position_embeddings", "position_embd"),
        (prefix + "embeddings.token_type_embeddings", "token_types"),
        (prefix + "embeddings.LayerNorm", "token_embd_norm"),
        (layer + "attention.self.query", "blk.*.attn_q"),
        (layer + "attention.self.key", "blk.*.attn_k"),
        (layer + "attention.self.value", "blk.*.attn_v"),
        (layer + "attention.output.dense", "blk.*.attn_output"),
        (layer + "attention.output.LayerNorm", "blk.*.attn_output_norm"),
        (layer + "intermediate.dense", "blk.*.ffn_up"),
        (layer + "output.dense", "blk.*.ffn_down"),
        (layer + "output.LayerNorm", "blk.*.layer_output_norm"),
        (headModules.dense, "cls"), (headModules.classifier, "cls.output"),
      ])
  }
}
