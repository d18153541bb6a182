// Unigrams of a tokenizer.json in GGUF's terms: scores, SentencePiece's compiled rules, and what it
// does with blanks, as far as the stages are those that transformers makes of SentencePiece's:
//
//   Precompiled?  Strip (right, or both)?  runs of blanks → one?  Metaspace
import SVFTTensor

extension TokenizerFile {
  /// Fills in what unigrams have. Throws `.unsupported` for other stages, by their name.
  func export(unigrams result: inout TokenizerVocabulary) throws(SVFTError) {
    guard let model = built.model as? UnigramModel else {
      throw refusal("model")
    }
    result.pre = "default"
    result.scores = model.scores.map { Float($0) }
    for id in vacant { result.scores?[Int(id)] = TokenizerVocabulary.stopgapScore }
    var (strips, joins) = (false, false)
    for stage in stages.normalizers {
      switch stage {
      case let stage as Precompiled where result.rules.isEmpty && !strips && !joins:
        result.rules = stage.map.bytes
      case let stage as StripSpace where stage.right: strips = true
      case let stage as RunReplace
      where stage.least == 2 && !stage.takesAllSpace && Self.blanks.contains(stage.content):
        joins = true
      default: throw refusal("normalizer")
      }
    }
    // One without the other is neither of SentencePiece's ways with blanks.
    guard strips == joins else { throw refusal("normalizer") }
    result.removesExtraSpaces = joins
    guard stages.preTokenizers.count == 1,
      let metaspace = stages.preTokenizers.first as? Metaspace,
      metaspace.replacement == Array("▁".utf8)
    else { throw refusal("pre_tokenizer") }
    result.addsSpacePrefix = metaspace.prepending != .never
  }

  /// What a run of blanks may become.
  private static let blanks = [Array("▁".utf8), [0x20]]
}
