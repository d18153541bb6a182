// Whether a model's files bring a conversation layout of their own: chat_template in
// tokenizer_config.json, or tokenizer.chat_template in GGUF metadata.
import SVFTFormats
import SVFTModels
import SVFTTensor

/// The conversation template of a checkpoint.
enum ChatTemplate {
  /// Whether there is one.
  static func exists(in checkpoint: Checkpoint) throws(SVFTError) -> Bool {
    if let gguf = checkpoint.gguf { return gguf.has("tokenizer.chat_template") }
    let file = FileSystem.join(checkpoint.path, "tokenizer_config.json")
    guard try FileSystem.isFile(file) else { return false }
    return try JSON.read(file).root(file).has("chat_template")
  }
}
