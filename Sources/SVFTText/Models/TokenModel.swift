// What turns words into token ids. The kinds stand one per file; their makers, by the name that
// tokenizer.json gives them, are `TokenModels.all`.
import SVFTFormats
import SVFTTensor

/// The algorithm that splits words into tokens.
protocol TokenModel: Sendable {
  /// Appends the ids of every word to `ids`.
  func encode(_ words: Words, into ids: inout [Int32])
}

/// A model as a file describes it, before it exists.
struct ModelDescription {
  /// The "model" object of tokenizer.json.
  let json: JSON.Object
  /// The spellings of the model's own tokens, nil for ids that only added tokens have.
  let pieces: [[UInt8]?]
  /// The stages that come before the model.
  let preTokenizers: [any PreTokenizer]
}

/// A model and what a writer must know of it.
struct BuiltModel {
  let model: any TokenModel
  /// The token for what cannot be expressed.
  var unknown: Int32?
  /// Its place in GGUF: kind and merges (by id), where it has one.
  var kind: TokenizerVocabulary.Kind?
  var merges: [MergePair] = []
  var ignoresMerges = false
}

/// Two tokens that may be joined.
struct MergePair: Sendable {
  let left: Int32
  let right: Int32
  let joined: Int32
}

/// The known models, by the name in tokenizer.json.
enum TokenModels {
  static let all: [String: @Sendable (ModelDescription) throws(SVFTError) -> BuiltModel] = [
    "BPE": { description throws(SVFTError) in try BytePairFile(description).build() },
    "Unigram": { description throws(SVFTError) in try UnigramModel.build(description) },
    "WordLevel": { description throws(SVFTError) in try WordLevelModel.build(description) },
    "WordPiece": { description throws(SVFTError) in
      try WordPieceModel.build(description)
    },
  ]

  /// Builds the model of a file.
  ///
  /// Throws `.unsupported` for one that is not known.
  static func build(_ description: ModelDescription) throws(SVFTError) -> BuiltModel {
    let json = description.json
    // Files from before the model had a type: only byte-pair encoding has merges.
    let type = try json.string("type", default: json.has("merges") ? "BPE" : "WordPiece")
    guard let make = all[type] else {
      let known = all.keys.sorted().joined(separator: ", ")
      throw SVFTError(
        .unsupported, "\(json.place("type")): \(type) is not known; known are \(known)")
    }
    return try make(description)
  }
}
