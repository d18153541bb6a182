// Unigrams as the stages of a tokenizer.json, as transformers makes them of SentencePiece's files.
// The way back is TokenizerFile+Unigram.swift.
import SVFTFormats
import SVFTTensor

extension TokenizerVocabulary {
  /// Normaliser, cutter, template, decoder and model.
  func unigramStages() throws(SVFTError) -> JSON.Object {
    guard let scores else { throw SVFTError(.format, "tokenizer.ggml.scores: the key is missing") }
    var list: [JSON] = []
    for id in tokens.indices {
      // The shortest decimal that reads back as the same number.
      let score = Double(scores[id].description) ?? Double(scores[id])
      list.append([.string(try spelling(id)), .number(score)])
    }
    let model = JSON.Object([
      ("type", "Unigram"), ("unk_id", special.unknown.map { .integer(Int($0)) } ?? .null),
      ("vocab", .array(list)), ("byte_fallback", .bool(types.contains(.byte))),
    ])
    let scheme: JSON = addsSpacePrefix ?? true ? "always" : "never"
    let metaspace: JSON = [
      "type": "Metaspace", "replacement": "▁", "prepend_scheme": scheme, "split": true,
    ]
    return JSON.Object([
      ("normalizer", unigramNormalizer), ("pre_tokenizer", metaspace),
      ("post_processor", try template(defaultBOS: false)), ("decoder", metaspace),
      ("model", .object(model)),
    ])
  }

  private var unigramNormalizer: JSON {
    var stages: [JSON] = []
    if !rules.isEmpty {
      stages.append([
        "type": "Precompiled", "precompiled_charsmap": .string(Base64.encode(rules)),
      ])
    }
    if removesExtraSpaces ?? false {
      stages.append(["type": "Strip", "strip_left": false, "strip_right": true])
      stages.append(["type": "Replace", "pattern": ["Regex": " {2,}"], "content": "▁"])
    }
    return stages.isEmpty ? .null : ["type": "Sequence", "normalizers": .array(stages)]
  }
}
