// What a sentence-transformers folder says of its vectors: modules.json lists what is done one
// after the other, the folders of those modules say how. Every path in the list is foreign and
// must stay inside the folder; what we do not compute is refused by its name.
import SVFTFormats
package import SVFTTensor

extension EmbeddingHead {
  static let list = "modules.json"
  private static let promptFile = "config_sentence_transformers.json"
  /// Where it is said how texts are cut, by the names of those who wrote it; the first that is
  /// there counts.
  static let textFiles = [
    "bert", "roberta", "distilbert", "camembert", "albert", "xlm-roberta", "xlnet",
  ].map { "sentence_\($0)_config.json" }

  /// A module of the list.
  private struct Module {
    /// The last part of its class's name.
    let kind: String
    /// Its folder, as names inside the list's; empty for that folder itself.
    let path: String
  }

  /// Reads the modules of a sentence-transformers folder; nil where it is none.
  package init?(folder: String) throws(SVFTError) {
    guard let modules = try Self.modules(folder) else { return nil }
    let place = FileSystem.join(folder, Self.list)
    var pooling = Pooling.mean
    var normalizes = false
    let prompt = try Self.prompt(folder)
    for module in modules {
      switch module.kind {
      // Dropping values out is for training.
      case "Dropout": continue
      case "Normalize": normalizes = true
      case "Transformer":
        guard module.path.isEmpty else { throw Self.misplaced(module.path, place) }
      case "Pooling":
        guard !module.path.isEmpty else {
          throw SVFTError(.format, "\(place): expected a folder of its own for Pooling, found none")
        }
        let file = FileSystem.join(FileSystem.join(folder, module.path), "config.json")
        let config = try JSON.read(file).root(file)
        pooling = try during(file) { () throws(SVFTError) in
          try Self.requirePrompt(prompt, in: config)
          return try Self.pooling(config)
        }
      default:
        throw SVFTError(
          .unsupported, "\(place): the module \(module.kind.debugDescription) is not supported")
      }
    }
    let texts = try Self.texts(folder)
    self.init(
      pooling, normalizes: normalizes, maximumTokens: texts.maximum, prompt: prompt,
      lowercases: texts.lowercases)
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

  private static func misplaced(_ path: String, _ place: String) -> SVFTError {
    SVFTError(
      .unsupported,
      "\(place): expected the model in this folder, found it in \(path.debugDescription): give "
        + "that folder")
  }

  /// The names of what says this head in a folder, relative to it; not all need be there.
  package static func files(in folder: String) throws(SVFTError) -> [String] {
    var names = [list, promptFile] + textFiles
    for module in try modules(folder) ?? [] where !module.path.isEmpty {
      names.append(FileSystem.join(module.path, "config.json"))
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

  private static func pooling(_ config: JSON.Object) throws(SVFTError) -> Pooling {
    let modes: [(key: String, word: String, pooling: Pooling)] = [
      ("pooling_mode_mean_tokens", "mean", .mean), ("pooling_mode_cls_token", "cls", .cls),
      ("pooling_mode_lasttoken", "lasttoken", .last),
    ]
    // The word, where there is one, counts before the switches.
    if config.has("pooling_mode") {
      let word = try config.string("pooling_mode")
      guard let mode = modes.first(where: { $0.word == word.lowercased() }) else {
        throw SVFTError(.unsupported, "pooling_mode \(word.debugDescription) is not supported")
      }
      return mode.pooling
    }
    var chosen: [String] = []
    for key in config.keys where key.hasPrefix("pooling_mode_") {
      guard try config.bool(key, default: false) else { continue }
      guard modes.contains(where: { $0.key == key }) else {
        throw SVFTError(.unsupported, "\(key) is not supported")
      }
      chosen.append(key)
    }
    // The mean is what is done where nobody says otherwise.
    if chosen.isEmpty, !config.has(modes[0].key) { return .mean }
    guard chosen.count == 1, let mode = modes.first(where: { $0.key == chosen[0] }) else {
      throw SVFTError(
        .unsupported,
        "expected one pooling mode, found "
          + (chosen.isEmpty ? "none" : chosen.joined(separator: " and ")))
    }
    return mode.pooling
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

  /// Throws `.unsupported` where the rows of a prompt must not count.
  private static func requirePrompt(_ prompt: String, in config: JSON.Object) throws(SVFTError) {
    guard try !config.bool("include_prompt", default: true), !prompt.isEmpty else { return }
    throw SVFTError(
      .unsupported,
      "include_prompt: expected true where the prompt \(prompt.debugDescription) stands before "
        + "every text, found false, which is not supported")
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
