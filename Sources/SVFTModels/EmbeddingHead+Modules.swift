// The modules of a sentence-transformers folder, in their order: the model, pooling, dense layers,
// and the scaling to length one. Another order, and every other module, is refused by its name.
import SVFTFormats
import SVFTTensor

extension EmbeddingHead {
  /// What the modules that were read so far say.
  struct Chain {
    private(set) var poolings: [Pooling] = [.mean]
    private(set) var layers: [Dense] = []
    private(set) var normalizes = false
    private var isPooled = false

    /// Reads one more module; `place` is the list's, `prompt` stands before every text.
    mutating func append(
      _ module: Module, in folder: String, _ place: String, prompt: String
    ) throws(SVFTError) {
      let path = module.path.isEmpty ? nil : FileSystem.join(folder, module.path)
      switch module.kind {
      // Dropping values out is for training.
      case "Dropout": return
      case "Normalize":
        normalizes = true
        let file = FileSystem.join(path ?? "", EmbeddingHead.settings)
        guard path != nil, try FileSystem.isFile(file) else { return }
        let config = try JSON.read(file).root(file)
        try during(file) { () throws(SVFTError) in try EmbeddingHead.requireVectors(config) }
      case "Transformer":
        guard path == nil else { throw EmbeddingHead.misplaced(module.path, place) }
      case "Pooling":
        try require(layers.isEmpty, "Pooling behind \(Dense.kind)", place)
        isPooled = true
        let file = FileSystem.join(try Self.own(path, module, place), EmbeddingHead.settings)
        let config = try JSON.read(file).root(file)
        poolings = try during(file) { () throws(SVFTError) in
          try EmbeddingHead.requirePrompt(prompt, in: config)
          return try Pooling.chosen(by: config)
        }
      case Dense.kind:
        try require(isPooled, "\(Dense.kind) before Pooling", place)
        try require(!normalizes, "\(Dense.kind) behind Normalize", place)
        layers.append(try Dense(folder: Self.own(path, module, place)))
      default:
        throw SVFTError(
          .unsupported, "\(place): the module \(module.kind.debugDescription) is not supported")
      }
    }

    private static func own(
      _ path: String?, _ module: Module, _ place: String
    ) throws(SVFTError) -> String {
      if let path { return path }
      throw SVFTError(
        .format, "\(place): expected a folder of its own for \(module.kind), found none")
    }

    private func require(
      _ holds: Bool, _ order: String, _ place: String
    ) throws(SVFTError) {
      if !holds { throw SVFTError(.unsupported, "\(place): \(order) is not supported") }
    }
  }

  /// Throws `.unsupported` for a module of rows, not of vectors.
  static func requireVectors(_ config: JSON.Object) throws(SVFTError) {
    let vectors = "sentence_embedding"
    for key in ["module_input_name", "module_output_name"] where config.has(key) {
      let name = try config.string(key)
      guard name == vectors else {
        throw SVFTError(
          .unsupported, "\(key): expected \(vectors), found \(name.debugDescription)")
      }
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
}
