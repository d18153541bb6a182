// What lies at a path: a Hugging Face folder (config.json, model.safetensors or its index) or a
// GGUF file, the first of several parts too. Opening reads headers and checks every claim in them;
// no weight is touched before `load`.
package import SVFTFormats
import SVFTLayers
package import SVFTTensor

/// An opened model: whose family it is, what it says about itself, where its tensors lie.
package struct Checkpoint: Sendable {
  /// The folder or file.
  package let path: String
  package let family: any Architecture.Type
  package let hyper: Hyperparameters
  package let source: any TensorSource
  /// The GGUF file, whose metadata hold the tokenizer; nil for a folder.
  package let gguf: GGUF?

  /// config.json as the folder has it, or what it says of the part that is computed; nil for a GGUF
  /// file.
  package var config: JSON.Object? { hyper.isGGUF ? nil : hyper.values }

  /// Opens a folder or a .gguf file.
  ///
  /// `.io` where there is nothing, `.unsupported` for families and quantisations we do not have,
  /// `.format` for what is broken.
  /// `access` says whether weights are mapped or read into memory.
  package init(_ path: String, access: MappedFile.Access = .mapped) throws(SVFTError) {
    switch try FileSystem.kind(path) {
    case .folder: try self.init(folder: path, access)
    case .file: try self.init(gguf: path, access)
    case .other:
      throw SVFTError(.io, "\(path): expected a model folder or a .gguf file, found neither")
    case nil:
      throw SVFTError(.io, "\(path): expected a model folder or a .gguf file, found nothing")
    }
  }

  private init(folder: String, _ access: MappedFile.Access) throws(SVFTError) {
    let file = FileSystem.join(folder, "config.json")
    guard try FileSystem.isFile(file) else {
      try EmbeddingHead.requireModel(in: folder)
      throw SVFTError(.io, "\(folder): expected a model folder, found no config.json in it")
    }
    let hyper = Hyperparameters(try JSON.read(file).root(file), dialect: .huggingFace, file: file)
    let type = try hyper.text("model_type")
    let family = try Architectures.named(type, in: hyper.place("model_type"), of: hyper)
    self.path = folder
    self.family = family
    self.hyper = try family.part(hyper)
    gguf = nil
    source = try Self.weights(of: hyper, folder, access)
  }

  /// The tensors of a folder, matrices of four bits as one tensor each.
  private static func weights(
    of hyper: Hyperparameters, _ folder: String, _ access: MappedFile.Access
  ) throws(SVFTError) -> any TensorSource {
    guard let words = try hyper.section("quantization_config") else {
      return try weights(folder, access)
    }
    let isKnown = try during(hyper.file) { () throws(SVFTError) in
      try BitsAndBytes.isMeant(by: words)
    }
    let method = words.has("quant_method") ? try words.string("quant_method") : "another way"
    try hyper.refuse(
      "quantization_config", unless: isKnown,
      "a checkpoint quantised by \(method), other than to four bits by bitsandbytes (take the "
        + "model's own weights, or a GGUF file, and quantise those)")
    return try BitsAndBytes(weights(folder, access))
  }

  /// The tensors of a folder, whatever its family.
  package static func weights(
    _ folder: String, _ access: MappedFile.Access = .mapped
  ) throws(SVFTError) -> any TensorSource {
    let whole = FileSystem.join(folder, "model.safetensors")
    if try FileSystem.isFile(whole) { return try Safetensors(whole, access: access) }
    let index = FileSystem.join(folder, "model.safetensors.index.json")
    if try FileSystem.isFile(index) { return try SafetensorsIndex(index, access: access) }
    let hint = try TensorFile.pyTorchFile(in: folder).map {
      "; \($0) is not read: convert it to safetensors"
    }
    throw SVFTError(
      .io,
      "\(folder): expected model.safetensors or model.safetensors.index.json, found none"
        + (hint ?? ""))
  }

  private init(gguf path: String, _ access: MappedFile.Access) throws(SVFTError) {
    let file = try GGUF(path, access: access, isPart: true)
    // Only the first of several parts says what the model is.
    source = try file.parts() > 1 ? SplitGGUF(file, access: access) : file
    let hyper = try Hyperparameters(file)
    self.path = path
    self.hyper = hyper
    gguf = file
    let place = "\(path): general.architecture"
    family = try Architectures.named(
      hyper.text("", gguf: "general.architecture"), in: place, of: hyper)
  }

  /// Takes the weights.
  package func load(_ loading: WeightReader.Loading = .init()) throws(SVFTError) -> LoadedModel {
    try LoadedModel(self, loading)
  }
}
