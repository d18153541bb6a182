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
    "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",
    "vocab.txt", "vocab.json", "merges.txt", "tokenizer.model", "spiece.model", "spm.model",
    "sentencepiece.bpe.model", ChatTemplate.file, "generation_config.json", ImageProcessor.file,
  ]

  /// Copies what the model's folder has; for a GGUF model, writes its tokenizer as tokenizer.json
  /// and its pooling as sentence-transformers has it.
  static func write(_ model: Model, to folder: String) throws(SVFTError) {
    guard model.loaded.checkpoint.gguf == nil else {
      try writeHead(model, to: folder)
      return try writeTokenizer(model, to: folder)
    }
    for name in try names + EmbeddingHead.files(in: model.path) {
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

  private static func writeTokenizer(_ model: Model, to folder: String) throws(SVFTError) {
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
  }

  /// Says how texts become vectors: where that is what the model is for, or where a folder without
  /// a word about it would do it otherwise.
  private static func writeHead(_ model: Model, to folder: String) throws(SVFTError) {
    let (head, geometry) = (model.network.heads.embedding, model.network.geometry)
    let isPurpose = model.network.heads.usual == .embedding
    guard geometry.grid == nil, isPurpose || head != .usual(geometry) else { return }
    for (name, json) in head.files(width: geometry.hiddenWidth) {
      let target = FileSystem.join(folder, name)
      if let parent = FileSystem.parent(target) { try FileSystem.makeFolder(parent) }
      try AtomicFile.write(target, text: json.text(.pretty))
    }
  }
}
