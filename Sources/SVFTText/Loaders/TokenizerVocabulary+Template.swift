// The post-processor of a written tokenizer.json: which special tokens stand around a text or a
// pair.
import SVFTFormats
import SVFTTensor

extension TokenizerVocabulary {
  /// bos and eos around each text, as the vocabulary wants them; null where it wants none.
  func template(defaultBOS: Bool = true) throws(SVFTError) -> JSON {
    let wantsBOS = addsBOS ?? (defaultBOS && special.bos != nil)
    let before = wantsBOS ? [special.bos].compactMap { $0 } : []
    let after = addsEOS ?? false ? [special.eos].compactMap { $0 } : []
    guard !before.isEmpty || !after.isEmpty else { return .null }
    let single = try line(before, "A", 0, after)
    if pre == NamedSplit.roberta, before.count == 1, after.count == 1 {
      let second = try line(after, "B", 0, after)
      return try processor(single, single + second, before + after)
    }
    return try processor(single, single + line(before, "B", 1, after), before + after)
  }

  /// [CLS] A [SEP], and [CLS] A [SEP] B [SEP] for a pair.
  func pairTemplate() throws(SVFTError) -> JSON {
    guard let begin = special.classification ?? special.bos,
      let end = special.separator ?? special.eos
    else {
      throw SVFTError(
        .format, "tokenizer.ggml.cls_token_id: expected [CLS] and [SEP], found neither")
    }
    let single = try line([begin], "A", 0, [end])
    return try processor(single, single + line([], "B", 1, [end]), [begin, end])
  }

  private func line(
    _ before: [Int32], _ sequence: String, _ segment: Int, _ after: [Int32]
  ) throws(SVFTError) -> [JSON] {
    var parts: [JSON] = []
    for id in before { parts.append(try part(id, segment)) }
    parts.append(["Sequence": ["id": .string(sequence), "type_id": .integer(segment)]])
    for id in after { parts.append(try part(id, segment)) }
    return parts
  }

  private func part(_ id: Int32, _ segment: Int) throws(SVFTError) -> JSON {
    ["SpecialToken": ["id": .string(text(of: id)), "type_id": .integer(segment)]]
  }

  private func processor(
    _ single: [JSON], _ pair: [JSON], _ ids: [Int32]
  ) throws(SVFTError) -> JSON {
    var tokens = JSON.Object()
    for id in ids {
      let name = text(of: id)
      tokens[name] = ["id": .string(name), "ids": [.integer(Int(id))], "tokens": [.string(name)]]
    }
    return [
      "type": "TemplateProcessing", "single": .array(single), "pair": .array(pair),
      "special_tokens": .object(tokens),
    ]
  }

  private func text(of id: Int32) -> String {
    tokens.indices.contains(Int(id)) ? String(decoding: tokens[Int(id)], as: UTF8.self) : ""
  }
}
