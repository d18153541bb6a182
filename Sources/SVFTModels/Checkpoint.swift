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
    case .file:
      if let error = try Self.misplaced(file: path) { throw error }
      try self.init(gguf: path, access)
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
      throw try Self.misplaced(folder: folder)
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

  private init(gguf path: String, _ access: MappedFile.Access) throws(SVFTError) {
    let file = try GGUF(path, access: access, isPart: true)
    guard !file.has("adapter.type") else {
      throw SVFTError(
        .unsupported,
        "\(path): expected a model, found an adapter: give the model it was trained on, and import "
          + "this file onto it")
    }
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
