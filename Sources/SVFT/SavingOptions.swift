// How a model is saved. The command line has these as flags; C and Python pass them as the name of
// a format or as a JSON object with the keys below.
import SVFTAdapters
import SVFTFormats
public import SVFTTensor

/// Options of saving.
public struct SavingOptions: Sendable, Equatable {
  /// Format of the matrices: "f32", "f16", "bf16", for folders also "nf4" (bitsandbytes), for GGUF
  /// files "q8_0", "q4_k_m" and so on; nil keeps each tensor's own.
  public var format: String?
  /// Text on which drift (of its first tokens) and perplexity are measured; nil is a built-in one.
  public var probe: String?
  /// Bytes of tensors in one file at most, 1 or more, where the model is to be in several; nil
  /// writes one.
  public var maxShardSize: Int?
  /// A text (or records) the model is run on first, so that what its matrices are rounded to errs
  /// least where it matters, or an imatrix file of llama.cpp; nil weighs all columns alike. For
  /// q2_k to q6_k, q4_0 to q5_1, iq4_nl, iq4_xs.
  public var calibration: String?

  /// Each tensor as it is, in one file.
  public init() {}

  /// Options from the name of a format, or from a JSON object: "format", "max_shard_size" (bytes,
  /// or "5GB"), "calibration" (a file), "probe". Throws `.invalidArgument`.
  public init(_ words: String?) throws(SVFTError) {
    self.init()
    guard let words, words.first == "{" else {
      format = words
      return
    }
    try AdapterOptions.argument { () throws(SVFTError) in
      let object = try JSON.parse(words).root("saving options")
      try object.refuseKeys(otherThan: ["format", "max_shard_size", "calibration", "probe"])
      func text(_ key: String) throws(SVFTError) -> String? {
        object.has(key) ? try object.string(key) : nil
      }
      format = try text("format")
      calibration = try text("calibration")
      probe = try text("probe")
      guard object.has("max_shard_size") else { return }
      maxShardSize =
        if case .string(let words) = object["max_shard_size"] {
          try ByteCount.parse(words, object.place("max_shard_size"))
        } else {
          try object.int("max_shard_size")
        }
    }
  }
}
