// What a sentence-transformers folder says of its vectors: modules.json lists what is done one
// after the other, the folders of those modules say how. Every path in the list is foreign and
// must stay inside the folder; what we do not compute is refused by its name.
import SVFTFormats
package import SVFTTensor

extension EmbeddingHead {
  static let list = "modules.json"
  /// What a module's folder says of it.
  static let settings = "config.json"
  private static let promptFile = "config_sentence_transformers.json"
  /// Where it is said how texts are cut, by the names of those who wrote it; the first that is
  /// there counts.
  static let textFiles = [
    "bert", "roberta", "distilbert", "camembert", "albert", "xlm-roberta", "xlnet",
  ].map { "sentence_\($0)_config.json" }

  /// A module of the list.
  struct Module {
    /// The last part of its class's name.
    let kind: String
    /// Its folder, as names inside the list's; empty for that folder itself.
    let path: String
  }

  /// Reads the modules of a sentence-transformers folder; nil where it is none.
  package init?(folder: String) throws(SVFTError) {
    guard let modules = try Self.modules(folder) else { return nil }
    let place = FileSystem.join(folder, Self.list)
    let prompt = try Self.prompt(folder)
    var chain = Chain()
    for module in modules {
      try chain.append(module, in: folder, place, prompt: prompt)
    }
    let texts = try Self.texts(folder)
    self.init(
      chain.poolings, normalizes: chain.normalizes, maximumTokens: texts.maximum, prompt: prompt,
      lowercases: texts.lowercases)
    layers = chain.layers
  }

  /// Throws `.unsupported` where modules.json says that the model itself lies in a folder below, as
  /// the first versions of sentence-transformers wrote it.
  package static func requireModel(in folder: String) throws(SVFTError) {
    for module in try modules(folder) ?? [] where module.kind == "Transformer" {
      guard module.path.isEmpty else {
        throw misplaced(module.path, FileSystem.join(folder, list))
      }
    }
  }

  static func misplaced(_ path: String, _ place: String) -> SVFTError {
    SVFTError(
      .unsupported,
      "\(place): expected the model in this folder, found it in \(path.debugDescription): give "
        + "that folder")
  }

  /// The names of what says this head in a folder, relative to it; not all need be there.
  package static func files(in folder: String) throws(SVFTError) -> [String] {
    var names = [list, promptFile] + textFiles
    for module in try modules(folder) ?? [] where !module.path.isEmpty {
      names.append(FileSystem.join(module.path, settings))
      if module.kind == Dense.kind { names.append(FileSystem.join(module.path, Dense.tensors)) }
    }
    return names
  }

  private static func modules(_ folder: String) throws(SVFTError) -> [Module]? {
    let place = FileSystem.join(folder, list)
    guard try FileSystem.isFile(place) else { return nil }
    var modules: [Module] = []
    for (number, value) in try JSON.read(place).array(place).enumerated() {
      let module = try value.object("\(place): [\(number)]")
      let type = try module.string("type")
      modules.append(
        Module(
          kind: type.split(separator: ".").last.map(String.init) ?? type,
          path: try inside(module.string("path", default: ""), module.place("path"))))
    }
    return modules
  }

  /// A path as names inside a folder, without what means nothing ("./1_Pooling/").
  private static func inside(_ path: String, _ place: String) throws(SVFTError) -> String {
    // By bytes, as the system reads them: a slash may be part of a longer character.
    let slash = UInt8(ascii: "/")
    let names = path.utf8.split(separator: slash).map { String(decoding: $0, as: UTF8.self) }
    guard path.utf8.first != slash, !names.contains(".."), !path.utf8.contains(0) else {
      throw SVFTError(
        .format, "\(place): expected a path inside the folder, found \(path.debugDescription)")
    }
    let meant = names.filter { $0 != "." }
    // With its file as deep as a folder that is saved may be.
    guard meant.count < FolderManifest.deepest else {
      throw SVFTError(
        .format,
        "\(place): expected fewer than \(FolderManifest.deepest) folders in each other, found "
          + path.debugDescription)
    }
    return meant.joined(separator: "/")
  }

  /// The prompt that stands before every text; empty where none does.
  private static func prompt(_ folder: String) throws(SVFTError) -> String {
    let file = FileSystem.join(folder, promptFile)
    guard try FileSystem.isFile(file) else { return "" }
    let config = try JSON.read(file).root(file)
    return try during(file) { () throws(SVFTError) in
      let key = "default_prompt_name"
      guard config.has(key) else { return "" }
      let name = try config.string(key)
      let prompts = config.has("prompts") ? try config.object("prompts") : JSON.Object()
      if prompts.has(name) { return try prompts.string(name) }
      // Newer versions have these two without anybody's giving them: nothing before a text.
      if ["query", "document"].contains(name) { return "" }
      throw SVFTError(
        .format, "\(key): expected the name of one of the prompts, found \(name.debugDescription)")
    }
  }

  /// What is done to texts before they are embedded.
  private static func texts(
    _ folder: String
  ) throws(SVFTError) -> (maximum: Int?, lowercases: Bool) {
    for name in textFiles {
      let file = FileSystem.join(folder, name)
      guard try FileSystem.isFile(file) else { continue }
      let config = try JSON.read(file).root(file)
      return try during(file) { () throws(SVFTError) in
        let lowercases = try config.bool("do_lower_case", default: false)
        let key = "max_seq_length"
        guard config.has(key) else { return (try tokenizerLimit(folder), lowercases) }
        let maximum = try Checked.within(config.int(key), longest, key, kind: .format)
        return (maximum, lowercases)
      }
    }
    return (try tokenizerLimit(folder), false)
  }

  private static let longest = 1...(1 << 28)

  /// The tokens after which the tokenizer cuts; nil where it says nothing, or the 10³⁰ that
  /// transformers writes for it.
  private static func tokenizerLimit(_ folder: String) throws(SVFTError) -> Int? {
    let file = FileSystem.join(folder, "tokenizer_config.json")
    guard try FileSystem.isFile(file) else { return nil }
    let value = try JSON.read(file).root(file)["model_max_length"]
    guard let number = try? value?.int(file), longest.contains(number) else { return nil }
    return number
  }
}
