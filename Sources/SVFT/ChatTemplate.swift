// The conversation layout that a model's files bring of their own. It stands, the first that is
// there counting, in
//
//   chat_template.jinja
//   "chat_template" of tokenizer_config.json, one text or a list of named ones
//   tokenizer.chat_template of GGUF metadata
//
// It is a program, which we do not run: it is known of, and taken along when a model is saved.
import SVFTFormats
import SVFTModels
import SVFTTensor

/// The conversation template of a checkpoint.
enum ChatTemplate {
  /// Its name beside a folder's weights.
  static let file = "chat_template.jinja"
  /// Its key in GGUF metadata.
  static let key = "tokenizer.chat_template"

  /// Whether there is one.
  static func exists(in checkpoint: Checkpoint) throws(SVFTError) -> Bool {
    if let gguf = checkpoint.gguf { return gguf.has(key) }
    if try FileSystem.isFile(FileSystem.join(checkpoint.path, file)) { return true }
    return try configured(checkpoint.path) != nil
  }

  /// Its text; of several the one named default, nil where there is none.
  static func text(in checkpoint: Checkpoint) throws(SVFTError) -> String? {
    if let gguf = checkpoint.gguf { return gguf.has(key) ? try gguf.string(key) : nil }
    let path = FileSystem.join(checkpoint.path, file)
    if try FileSystem.isFile(path) {
      let bytes = try FileSystem.read(path, limit: Limits.headerBytes)
      guard let text = UTF8Text.string(bytes.bytes) else {
        throw SVFTError(.format, "\(path): expected UTF-8, found other bytes")
      }
      return text
    }
    guard let configuration = try configured(checkpoint.path) else { return nil }
    guard case .array = configuration["chat_template"] else {
      return try configuration.string("chat_template")
    }
    for template in try configuration.objects("chat_template")
    where try template.string("name") == "default" {
      return try template.string("template")
    }
    return nil
  }

  /// tokenizer_config.json where it has a template.
  private static func configured(_ folder: String) throws(SVFTError) -> JSON.Object? {
    let path = FileSystem.join(folder, "tokenizer_config.json")
    guard try FileSystem.isFile(path) else { return nil }
    let configuration = try JSON.read(path).root(path)
    return configuration.has("chat_template") ? configuration : nil
  }
}
