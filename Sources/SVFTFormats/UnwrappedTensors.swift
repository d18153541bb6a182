// Tensors of a model that was saved from within a wrapper, whose name then stands before every one
// of theirs: DataParallel's "module.", torch.compile's "_orig_mod.", PEFT's "base_model.model."
// where it holds a model without adapters; several, where wrappers wrap each other. Here they have
// the names that the model itself gives them.
package import SVFTTensor

/// The tensors of a source without the prefix that all of their names share.
package final class UnwrappedTensors: TensorSource {
  private static let wrappers = ["module.", "_orig_mod.", "base_model.model."]

  private let source: any TensorSource
  private let prefix: String
  package let names: [String]

  /// The source as it is, or without the names of wrappers that stand before every name.
  package static func open(_ source: any TensorSource) -> any TensorSource {
    let names = source.names
    var prefix = ""
    while !names.isEmpty,
      let next = wrappers.first(where: { next in
        names.allSatisfy { $0.hasPrefix(prefix + next) }
      })
    { prefix += next }
    return prefix.isEmpty ? source : UnwrappedTensors(source, prefix)
  }

  private init(_ source: any TensorSource, _ prefix: String) {
    self.source = source
    self.prefix = prefix
    names = source.names.map { String($0.dropFirst(prefix.count)) }
  }

  package var path: String { source.path }
  package var description: [(key: String, value: String)] { source.description }

  package func entry(_ name: String) -> TensorEntry? {
    source.entry(prefix + name).map { entry in
      TensorEntry(
        name: name, shape: entry.shape, type: entry.type, byteCount: entry.byteCount,
        offset: entry.offset)
    }
  }

  package func bytes(_ name: String) throws(SVFTError) -> Buffer {
    try source.bytes(prefix + name)
  }

  package func origin(_ name: String) -> String? { source.origin(prefix + name) }
  package func liesAsMultiplied(_ name: String) -> Bool { source.liesAsMultiplied(prefix + name) }
  package func releasePages() throws(SVFTError) { try source.releasePages() }
}
