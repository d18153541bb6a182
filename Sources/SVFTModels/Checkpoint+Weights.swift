// Where the tensors of a model folder lie, and which of the ways to keep them are read: plain ones,
// in one file or several, whatever wrapped the model that was saved; and matrices of four bits by
// bitsandbytes. Other quantisations are refused by name, and so is a model with an adapter that was
// not merged.
package import SVFTFormats
package import SVFTTensor

extension Checkpoint {
  /// The tensors of a folder, matrices of four bits as one tensor each.
  static func weights(
    of hyper: Hyperparameters, _ folder: String, _ access: MappedFile.Access
  ) throws(SVFTError) -> any TensorSource {
    let words = try hyper.section("quantization_config")
    if let words { try requireFourBits(words, hyper) }
    let source = try weights(folder, access)
    // transformers passes over this key; that MLX has quantised, its tensors say.
    let isOfMLX = hyper.value("quantization") != nil
    try hyper.refuse(
      "quantization", unless: !(isOfMLX && source.names.contains { $0.hasSuffix(".scales") }),
      "a checkpoint quantised by MLX (\(insteadOfQuantised))")
    if let name = source.names.first(where: { $0.contains(".base_layer.") }) {
      throw SVFTError(
        .unsupported,
        "\(folder): expected a model's own tensors, found \(name.debugDescription) of one with an "
          + "adapter: merge the two with PEFT (merge_and_unload), save the model and give that")
    }
    return words == nil ? source : try BitsAndBytes(source)
  }

  private static let insteadOfQuantised =
    "take the model's own weights, or a GGUF file, and quantise those"

  /// Throws `.unsupported` for a quantisation that is not read.
  private static func requireFourBits(
    _ words: JSON.Object, _ hyper: Hyperparameters
  ) throws(SVFTError) {
    let isKnown = try during(hyper.file) { () throws(SVFTError) in
      try BitsAndBytes.isMeant(by: words)
    }
    let isOfMLX = words.has("group_size") && words.has("bits")
    let other = isOfMLX ? "MLX" : "another way"
    let method = words.has("quant_method") ? try words.string("quant_method") : other
    try hyper.refuse(
      "quantization_config", unless: isKnown,
      "a checkpoint quantised by \(method), other than to four bits by bitsandbytes "
        + "(\(insteadOfQuantised))")
  }

  /// The tensors of a folder, whatever its family.
  package static func weights(
    _ folder: String, _ access: MappedFile.Access = .mapped
  ) throws(SVFTError) -> any TensorSource {
    try RoundedDoubles.open(UnwrappedTensors.open(stored(folder, access)))
  }

  private static func stored(
    _ folder: String, _ access: MappedFile.Access
  ) throws(SVFTError) -> any TensorSource {
    let whole = FileSystem.join(folder, "model.safetensors")
    if try FileSystem.isFile(whole) { return try Safetensors(whole, access: access) }
    let index = FileSystem.join(folder, "model.safetensors.index.json")
    if try FileSystem.isFile(index) { return try SafetensorsIndex(index, access: access) }
    throw SVFTError(
      .io,
      "\(folder): expected model.safetensors or model.safetensors.index.json, found "
        + (try contents(of: folder) ?? "none"))
  }
}
