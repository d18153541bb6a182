// Which tokens end a text: the tokenizer's end of text, and what generation_config.json and
// config.json say.
import SVFTFormats
import SVFTModels
import SVFTTensor
import SVFTText

/// The end tokens of a model.
enum EndTokens {
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
    let file = FileSystem.join(checkpoint.path, "generation_config.json")
    if checkpoint.gguf == nil, try FileSystem.isFile(file) {
      let object = try JSON.read(file).root(file)
      ids.formUnion(try during(file) { () throws(SVFTError) in try listed(in: object) })
    }
    return ids.filter { $0 >= 0 && $0 < tokenizer.vocabularySize }
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
