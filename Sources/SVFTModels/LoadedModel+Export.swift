// What a writer needs to say about a model in either container: its configuration, and the name and
// row order of each tensor. A folder's own config.json is kept as it was, but for what a new head
// changes.
package import SVFTFormats
package import SVFTLayers
package import SVFTTensor

extension LoadedModel {
  /// The config.json of this model: the folder's own, or one made from GGUF metadata.
  package func config() throws(SVFTError) -> JSON.Object {
    var config: JSON.Object
    if let own = checkpoint.config { config = own } else { config = try architecture.config() }
    guard let classHead, classHead.isFresh || checkpoint.config == nil else { return config }
    config["architectures"] = [.string(architecture.classifierName)]
    // transformers counts the classes by this map; names of classes are the caller's to put in.
    let labels = (0..<classHead.outputs).map { ("\($0)", JSON.string("LABEL_\($0)")) }
    config["id2label"] = .object(JSON.Object(labels.map { (key: $0.0, value: $0.1) }))
    config["label2id"] = .object(
      JSON.Object((0..<classHead.outputs).map { (key: "LABEL_\($0)", value: .integer($0)) }))
    if classHead.outputs == 1 { config["problem_type"] = "regression" }
    return config
  }

  /// GGUF metadata of this model without its tokenizer.
  ///
  /// An encoder says how it is pooled, in llama.cpp's numbers (4 = ranked by a class head).
  package func metadata() throws(SVFTError) -> [(key: String, value: GGUFValue)] {
    var list = try architecture.metadata()
    let name = architecture.name
    if let classHead {
      list.append(("\(name).pooling_type", try .uint32(4)))
      let labels = (0..<classHead.outputs).map { "LABEL_\($0)" }
      list.append(("\(name).classifier.output_labels", try .strings(labels)))
    } else if !architecture.geometry.isCausal {
      list += try embeddingHead.metadata(name)
    }
    return list
  }

  /// The name of a slot in a GGUF file.
  ///
  /// `.unsupported` where GGUF has none.
  package func ggufName(_ slot: Slot) throws(SVFTError) -> String {
    if let name = checkpoint.family.tensorNames.gguf(slot.name) { return name }
    throw SVFTError(.unsupported, "\(slot.name): GGUF has no name for this tensor")
  }

  /// The row order that a GGUF file expects of a slot: rotary pairs interleaved, where a family has
  /// them.
  package func ggufRowOrder(_ slot: Slot) -> RowOrder { architecture.ggufRowOrder(slot.name) }
}
