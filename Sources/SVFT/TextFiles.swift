// The small files beside a model's weights that a saved folder needs too: tokenizer, generation and
// pooling settings, what is done to pictures.
import SVFTFormats
import SVFTImages
import SVFTModels
import SVFTTensor
import SVFTText

/// Copies or makes the files around the weights.
enum TextFiles {
  private static let names = [
    "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.txt", "vocab.json",
    "merges.txt", "tokenizer.model", "spiece.model", ChatTemplate.file, "generation_config.json",
    "modules.json", ImageProcessor.file,
    "sentence_bert_config.json", "config_sentence_transformers.json", "1_Pooling/config.json",
  ]

  /// Copies what the model's folder has; for a GGUF model, writes its tokenizer as tokenizer.json.
  static func write(_ model: Model, to folder: String) throws(SVFTError) {
    if model.loaded.checkpoint.gguf != nil {
      let tokenizer = try model.tokenizer
      guard !tokenizer.isAbsent else { return }
      for (name, json) in try tokenizer.vocabulary().files() {
        try AtomicFile.write(FileSystem.join(folder, name), text: json.text(.compact))
      }
      if let template = try ChatTemplate.text(in: model.loaded.checkpoint) {
        try AtomicFile.write(FileSystem.join(folder, ChatTemplate.file), text: template)
      }
      let ends = model.network.endTokens
      if model.network.heads.language != nil, !ends.isEmpty {
        let settings = EndTokens.configuration(ends, tokenizer.special)
        try AtomicFile.write(
          FileSystem.join(folder, "generation_config.json"),
          text: JSON.object(settings).text(.pretty))
      }
      return
    }
    for name in names {
      let source = FileSystem.join(model.path, name)
      guard try FileSystem.isFile(source) else { continue }
      let target = FileSystem.join(folder, name)
      if let parent = FileSystem.parent(target) { try FileSystem.makeFolder(parent) }
      let file = try MappedFile(source)
      try AtomicFile.write(target, expecting: file.byteCount) { (sink) throws(SVFTError) in
        try sink.write(file.bytes)
      }
    }
  }
}
