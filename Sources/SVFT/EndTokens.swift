// Which tokens end a text: the tokenizer's end of text, and
//
//   a folder   "eos_token_id" of generation_config.json and config.json, one or several
//   GGUF       tokenizer.ggml.eot_token_id and eom_token_id (the ends of a turn and of a message),
//              and every control token with a customary spelling: the format has no place for more
import SVFTFormats
import SVFTModels
import SVFTTensor
import SVFTText

/// The end tokens of a model.
enum EndTokens {
  private static let turn = "tokenizer.ggml.eot_token_id"
  private static let message = "tokenizer.ggml.eom_token_id"
  /// Spellings of the end of a turn in the families' vocabularies.
  private static let turns = [
    "<|eot_id|>", "<|im_end|>", "<|end|>", "<end_of_turn>", "<|end_of_turn|>", "<end_of_utterance>",
    "<EOT>",
  ]
  private static let messages = ["<|eom_id|>"]
  private static let texts = ["<|end_of_text|>", "<|endoftext|>", "<eos>"]

  /// Ids beyond the vocabulary are left out: files of fine-tuned models often keep their parent's.
  static func of(
    _ checkpoint: Checkpoint, _ tokenizer: Tokenizer
  ) throws(SVFTError) -> Set<Int32> {
    var ids: Set<Int32> = []
    if let end = tokenizer.special.eos { ids.insert(end) }
    if let config = checkpoint.config {
      let file = FileSystem.join(checkpoint.path, "config.json")
      ids.formUnion(try during(file) { () throws(SVFTError) in try listed(in: config) })
    }
    if let gguf = checkpoint.gguf {
      for key in [turn, message] where gguf.has(key) {
        ids.insert(Int32(clamping: try gguf.int(key)))
      }
      ids.formUnion(customary(tokenizer, turns + messages + texts))
    }
    let file = FileSystem.join(checkpoint.path, "generation_config.json")
    if checkpoint.gguf == nil, try FileSystem.isFile(file) {
      let object = try JSON.read(file).root(file)
      ids.formUnion(try during(file) { () throws(SVFTError) in try listed(in: object) })
    }
    return ids.filter { $0 >= 0 && $0 < tokenizer.vocabularySize }
  }

  /// Control tokens of some spellings, in their order.
  private static func customary(_ tokenizer: Tokenizer, _ spellings: [String]) -> [Int32] {
    spellings.compactMap { tokenizer.id(of: $0) }.filter(tokenizer.isSpecial)
  }

  /// What a GGUF file says of a model's ends beyond the end of a text.
  static func metadata(
    _ ends: Set<Int32>, _ tokenizer: Tokenizer
  ) throws(SVFTError) -> [(key: String, value: GGUFValue)] {
    var others = ends
    if let end = tokenizer.special.eos { others.remove(end) }
    guard !others.isEmpty else { return [] }
    func named(_ spellings: [String]) -> Int32? {
      customary(tokenizer, spellings).first(where: ends.contains)
    }
    let turn = named(turns) ?? others.min()
    if let turn { others.remove(turn) }
    let found = customary(tokenizer, turns + messages + texts)
    let message = named(messages) ?? others.subtracting(found).min()
    if let message { others.remove(message) }
    for id in others.subtracting(found).sorted() {
      Log.warn("token \(id) ends texts of this model; GGUF files have no place to say so")
    }
    var pairs: [(key: String, value: GGUFValue)] = []
    if let turn { pairs.append((Self.turn, try .uint32(Int(turn)))) }
    if let message { pairs.append((Self.message, try .uint32(Int(message)))) }
    return pairs
  }

  /// What generation_config.json says of them, for a model that has none.
  static func configuration(_ ends: Set<Int32>, _ special: SpecialTokens) -> JSON.Object {
    var object = JSON.Object()
    let ids = ends.sorted().map { JSON.integer(Int($0)) }
    if !ids.isEmpty { object["eos_token_id"] = ids.count == 1 ? ids[0] : .array(ids) }
    if let id = special.bos { object["bos_token_id"] = .integer(Int(id)) }
    if let id = special.padding { object["pad_token_id"] = .integer(Int(id)) }
    return object
  }

  /// `eos_token_id`: one id or a list.
  private static func listed(in object: JSON.Object) throws(SVFTError) -> [Int32] {
    guard object.has("eos_token_id") else { return [] }
    let value = try object.value("eos_token_id")
    var ids: [Int32] = []
    if case .array = value {
      for id in try object.ints("eos_token_id") { ids.append(Int32(clamping: id)) }
    } else {
      ids.append(Int32(clamping: try object.int("eos_token_id")))
    }
    return ids
  }
}
