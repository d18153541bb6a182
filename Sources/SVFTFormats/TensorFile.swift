// One door to every container: a GGUF file, a safetensors file, an index of shards, or a folder
// that holds one of these. What a file is, its first bytes say; the name is not trusted.
package import SVFTTensor

/// Opens files and folders of tensors.
package enum TensorFile {
  /// The tensors of a file or folder.
  ///
  /// `.io` where there is nothing, `.format` where it is something else.
  package static func open(_ path: String, access: MappedFile.Access = .mapped) throws(SVFTError)
    -> any TensorSource
  {
    if try FileSystem.isFolder(path) { return try open(folder: path, access) }
    if path.hasSuffix(".json") { return try SafetensorsIndex(path, access: access) }
    let file = try MappedFile(path, access: access)
    if file.bytes.prefix(4).elementsEqual("GGUF".utf8) { return try GGUF(file) }
    return try Safetensors(file)
  }

  /// Whether a file begins as GGUF files do.
  ///
  /// `.io` where it cannot be read.
  package static func isGGUF(_ path: String) throws(SVFTError) -> Bool {
    let file = try MappedFile(path)
    defer { withExtendedLifetime(file) {} }
    return file.bytes.prefix(4).elementsEqual("GGUF".utf8)
  }

  /// The first file of a folder, by name, in which PyTorch may keep weights; nil where there is
  /// none. What else it writes into folders of models is none of them.
  package static func pyTorchFile(in folder: String) throws(SVFTError) -> String? {
    let (others, ends) = (
      ["training_args", "optimizer", "scheduler", "rng_state", "scaler"], ["bin", "pt", "pth"]
    )
    return try FileSystem.list(folder).sorted().first { name in
      ends.contains { name.hasSuffix(".\($0)") || name.hasSuffix(".\($0).index.json") }
        && !others.contains { name.hasPrefix($0) }
    }
  }

  private static func open(folder: String, _ access: MappedFile.Access) throws(SVFTError)
    -> any TensorSource
  {
    for name in ["model.safetensors", "model.safetensors.index.json", "adapter_model.safetensors"] {
      let path = FileSystem.join(folder, name)
      if try FileSystem.isFile(path) { return try open(path, access: access) }
    }
    if let other = try pyTorchFile(in: folder) {
      throw SVFTError(
        .unsupported,
        "\(folder): expected model.safetensors, found \(other), which is not read: convert it to "
          + "safetensors")
    }
    let models = try FileSystem.list(folder).filter { $0.hasSuffix(".gguf") }
    if models.count == 1 { return try open(FileSystem.join(folder, models[0]), access: access) }
    throw SVFTError(
      .io,
      "\(folder): expected model.safetensors, model.safetensors.index.json "
        + "or one .gguf file, found "
        + (models.isEmpty ? "none of them" : "\(models.count) .gguf files; name one of them"))
  }
}
