// What tells one family of decoders from another: names, keys, switches, and what it says of itself
// in either container. A new family is one file that conforms to this and one line in
// `Architectures.all`; the computation is in TransformerDecoder.
package import SVFTFormats
package import SVFTLayers
package import SVFTTensor

/// One family of decoders.
package protocol DecoderFamily: SendableMetatype {
  /// Values of `general.architecture` in GGUF files and of `model_type` in config.json, the one
  /// that is written last.
  static var names: [String] { get }
  /// The value of `general.architecture` that is written.
  static var ggufName: String { get }
  /// What transformers calls its classes before "Model", "ForSequenceClassification" …
  static var className: String { get }
  /// What it calls the class with a head that predicts tokens.
  static var languageModelName: String { get }
  static var keys: DecoderKeys { get }
  /// What folders call the parts.
  static var modules: DecoderNames { get }
  /// What they call the module that gives a class for each token.
  static var taggerModule: String { get }
  /// What folders of bodies alone leave out of names.
  static var prefix: String { get }
  /// What folders of larger models put in the place of `prefix`.
  static var holders: [String] { get }
  /// Last parts of tensors that are tables of constants.
  static var constants: [String] { get }
  /// What readers of GGUF files, which do not name one, take for the activation.
  static var ggufActivation: ActivationFunction { get }
  /// What they take for granted of the family.
  static var ggufRules: GGUFRules { get }
  /// Whether GGUF files hold the rows of queries and keys as interleaved rotary pairs.
  static var interleavesInGGUF: Bool { get }
  /// Whether folders hold the linear modules of layers as [columns, rows].
  static var transposesInFolders: Bool { get }

  /// What a checkpoint says of the decoder, where it says it of a larger model that holds it.
  static func part(_ hyper: Hyperparameters) throws(SVFTError) -> Hyperparameters
  /// Sets what the family does in its own way, beyond what `settings` has read already.
  static func complete(_ settings: inout DecoderSettings, _ hyper: Hyperparameters)
    throws(SVFTError)
  /// What config.json says beyond the keys that all decoders have.
  static func config(_ settings: DecoderSettings) throws(SVFTError) -> [(String, JSON)]
  /// What GGUF metadata say beyond the keys that all decoders have; keys without the family's name.
  ///
  /// `.unsupported` where no reader of such files knows the family or would run it otherwise.
  static func metadata(_ settings: DecoderSettings) throws(SVFTError) -> [(String, GGUFValue)]
}

extension DecoderFamily {
  package static var ggufName: String { names.first ?? "" }
  package static var languageModelName: String { className + "ForCausalLM" }
  package static var keys: DecoderKeys { DecoderKeys() }
  package static var modules: DecoderNames { .usual }
  package static var taggerModule: String { "score" }
  package static var prefix: String { "model." }
  package static var holders: [String] { [] }
  package static var constants: [String] { ["rotary_emb.inv_freq"] }
  package static var ggufActivation: ActivationFunction { .silu }
  package static var ggufRules: GGUFRules { GGUFRules() }
  package static var interleavesInGGUF: Bool { false }
  package static var transposesInFolders: Bool { false }
  package static func part(_ hyper: Hyperparameters) throws(SVFTError) -> Hyperparameters { hyper }
  package static func config(_ settings: DecoderSettings) throws(SVFTError) -> [(String, JSON)] {
    []
  }
  package static func metadata(_ settings: DecoderSettings) throws(SVFTError)
    -> [(String, GGUFValue)]
  {
    []
  }
}
