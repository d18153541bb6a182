// What tells one family of vision transformers from another: names, the learned rows before the
// patches, and the heads. The computation is in VisionTransformer.
//
// Files have the names of transformers up to version 4, which version 5 writes too; those that it
// gives modules in memory are found as well.
/// One family of ViT's kind.
package protocol VisionFamily: SendableMetatype {
  /// Values of `model_type` in config.json.
  static var names: [String] { get }
  /// What transformers calls its classes before "Model", "ForImageClassification" …
  static var className: String { get }
  /// What names of the body's tensors begin with: "vit.".
  static var prefix: String { get }
  /// Tensors of the learned rows before the patches, in their order.
  static var specials: [String] { get }
  /// Modules of the head that has a classifier for each of the first two rows, and what
  /// transformers calls the model that has it; nil where the family knows none.
  static var pairedHead: (first: String, second: String, className: String)? { get }
}

extension VisionFamily {
  package static var pairedHead: (first: String, second: String, className: String)? { nil }

  /// The module of the head that reads the first row.
  static var headModule: String { "classifier" }

  /// Linear modules of a layer: in files, as version 5 has them in memory, and in GGUF's words, by
  /// which mixtures of formats go.
  private static var modules: [(file: String, newer: String, gguf: String)] {
    [
      ("attention.attention.query", "attention.q_proj", "attn_q"),
      ("attention.attention.key", "attention.k_proj", "attn_k"),
      ("attention.attention.value", "attention.v_proj", "attn_v"),
      ("attention.output.dense", "attention.o_proj", "attn_output"),
      ("intermediate.dense", "mlp.fc1", "ffn_up"),
      ("output.dense", "mlp.fc2", "ffn_down"),
    ]
  }

  /// Names in all spellings.
  static var tensorNames: TensorNames {
    let layer = prefix + "encoder.layer.*."
    let norms = ["layernorm_before", "layernorm_after"]
    return TensorNames(
      prefix: prefix,
      aliases: modules.map { (layer + $0.file, "\(prefix)layers.*.\($0.newer)") }
        + norms.map { (layer + $0, "\(prefix)layers.*.\($0)") },
      modules.map { (layer + $0.file, "blk.*.\($0.gguf)") })
  }
}
