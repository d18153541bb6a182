// A folder that bitsandbytes has quantised to four bits, as transformers saves it: each of its
// matrices is several tensors (FourBitMatrix.swift), which appear here as one. config.json says so
// in "quantization_config". Written by BitsAndBytesWriter.swift.
package import SVFTTensor

/// The tensors of such a folder, matrices as one tensor each.
package final class BitsAndBytes: TensorSource {
  private let source: any TensorSource
  private let index: NameIndex
  private let quantized: NameIndex
  private let matrices: [FourBitMatrix]

  package var path: String { source.path }
  package var names: [String] { index.names }
  package var description: [(key: String, value: String)] { source.description }

  /// Whether config.json speaks of a checkpoint that this reads.
  ///
  /// `.format` where its words are of another type than expected.
  package static func isMeant(by config: JSON.Object) throws(SVFTError) -> Bool {
    let method = try config.string("quant_method", default: "bitsandbytes")
    let isFourBits = try config.bool("load_in_4bit", default: false)
    return method == "bitsandbytes" && isFourBits
  }

  /// Finds the matrices of a source.
  ///
  /// `.format`, `.shape` or `.unsupported` where one is not as bitsandbytes has it.
  package init(_ source: any TensorSource) throws(SVFTError) {
    self.source = source
    var (index, quantized, hidden) = (NameIndex(), NameIndex(), NameIndex())
    var matrices: [FourBitMatrix] = []
    for name in source.names {
      for kind in FourBitState.kinds where name.hasSuffix(FourBitState.suffix(kind)) {
        let own = String(name.dropLast(FourBitState.suffix(kind).count))
        let matrix = try during("\(source.path): \(own)") { () throws(SVFTError) in
          try FourBitMatrix(own, kind, in: source)
        }
        guard quantized.add(own) else {
          throw SVFTError(.format, "\(source.path): \(own) has two states of quantisation")
        }
        for part in matrix.parts where part != own { _ = hidden.add(part) }
        matrices.append(matrix)
      }
    }
    for name in source.names where hidden.position(of: name) == nil { _ = index.add(name) }
    (self.index, self.quantized, self.matrices) = (index, quantized, matrices)
  }

  private func matrix(_ name: String) -> FourBitMatrix? {
    quantized.position(of: name).map { matrices[$0] }
  }

  package func entry(_ name: String) -> TensorEntry? {
    guard index.position(of: name) != nil else { return nil }
    return matrix(name)?.entry ?? source.entry(name)
  }

  package func bytes(_ name: String) throws(SVFTError) -> Buffer {
    _ = try require(name)
    if let matrix = matrix(name) { return try matrix.bytes(from: source) }
    return try source.bytes(name)
  }

  package func origin(_ name: String) -> String? {
    guard let matrix = matrix(name) else { return source.origin(name) }
    let origins = matrix.parts.compactMap { source.origin($0) }
    return origins.count == matrix.parts.count ? origins.joined(separator: " ") : nil
  }

  package func releasePages() throws(SVFTError) { try source.releasePages() }

  package func liesAsMultiplied(_ name: String) -> Bool { matrix(name) != nil }

  /// The tensors that hold the matrix `name`, byte for byte, for a file where it is called `other`;
  /// nil where it is none of those that are quantised.
  package func copies(of name: String, as other: String) throws(SVFTError) -> [OutgoingTensor]? {
    guard let matrix = matrix(name) else { return nil }
    var copies: [OutgoingTensor] = []
    for part in matrix.parts {
      let entry = try source.require(part)
      copies.append(
        OutgoingTensor(
          other + part.dropFirst(name.count), entry.shape, entry.type,
          bytes: try source.bytes(part)))
    }
    return copies
  }
}
