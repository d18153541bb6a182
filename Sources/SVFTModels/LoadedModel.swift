// A checkpoint with its weights taken: the body, its heads, and the lists that training, adapters
// and writers go by. Heads that the checkpoint has are read here; a class head it lacks is made on
// request.
import SVFTFormats
package import SVFTLayers
package import SVFTTensor

/// A model ready to be recorded.
package struct LoadedModel: Sendable {
  package let checkpoint: Checkpoint
  package let architecture: any Architecture
  /// The class head of the checkpoint, or the one made by `addClassHead`.
  package private(set) var classHead: ClassHead?
  package let embeddingHead: EmbeddingHead
  /// Tensors of the file that nothing uses, by the names the file gives them.
  package let unused: [String]

  init(_ checkpoint: Checkpoint, _ loading: WeightReader.Loading) throws(SVFTError) {
    let hyper = checkpoint.hyper
    var reader = WeightReader(
      checkpoint.source, names: checkpoint.family.tensorNames, dialect: hyper.dialect,
      loading: loading)
    let architecture = try checkpoint.family.init(hyper, &reader)
    self.checkpoint = checkpoint
    self.architecture = architecture
    classHead = try architecture.classHead(&reader, fresh: nil)?.described(by: hyper)
    let stated =
      hyper.isGGUF
      ? try EmbeddingHead(gguf: hyper) : try EmbeddingHead(folder: checkpoint.path)
    embeddingHead = stated ?? .usual(architecture.geometry)
    try embeddingHead.requireFit(hidden: architecture.geometry.hiddenWidth)
    unused = reader.unused
    // A vector alone may have brought in megabytes: systems map what is around a page too.
    try checkpoint.source.releasePages()
  }

  /// Makes a class head where the checkpoint has none.
  ///
  /// `.state` where there is one with another number of outputs.
  package mutating func addClassHead(_ fresh: ClassHead.Fresh) throws(SVFTError) {
    if let classHead {
      let wanted = (fresh.outputs, fresh.perToken, fresh.isMultiLabel)
      let found = (classHead.outputs, classHead.isPerToken, classHead.isMultiLabel)
      func words(_ kind: (outputs: Int, perToken: Bool, isMultiLabel: Bool)) -> String {
        "\(kind.outputs) outputs for each \(kind.perToken ? "token" : "text")"
          + (kind.isMultiLabel ? ", of which several may hold" : "")
      }
      guard wanted == found else {
        throw SVFTError(
          .mismatch,
          "expected a head of \(words(wanted)), the model has one of \(words(found)); use data "
            + "with its classes, or a checkpoint without a head")
      }
      return
    }
    var reader = WeightReader(
      checkpoint.source, names: checkpoint.family.tensorNames, dialect: checkpoint.hyper.dialect)
    classHead = try architecture.classHead(&reader, fresh: fresh)?.serving(fresh)
  }

  /// All linear modules, heads included, in the order of the computation.
  package var projections: [Projection] {
    architecture.projections + [architecture.languageModelHead?.projection].compactMap { $0 }
      + (classHead?.projections ?? [])
  }

  /// Every tensor of the body and the heads, each once.
  package var slots: [Slot] {
    architecture.slots + (architecture.languageModelHead?.slots ?? []) + (classHead?.slots ?? [])
  }

  /// Every tensor a writer puts into a file: `slots`, and what the checkpoint had beside them.
  package var storedSlots: [Slot] {
    var seen: Set<ObjectIdentifier> = []
    return (slots + architecture.carried).filter { seen.insert(ObjectIdentifier($0)).inserted }
  }
}
