// GGUF metadata as hyper-parameters. A 32-bit float is taken for the shortest decimal that reads
// back as the same float, so that 1e-05 does not become 9.99999974e-06 in a config.json written
// from it. Arrays (vocabularies) stay in the file: no hyper-parameter of ours is one.
package import SVFTFormats
package import SVFTTensor

extension Hyperparameters {
  /// The metadata of a GGUF file.
  ///
  /// `.format` where it does not say its architecture.
  package init(_ gguf: GGUF) throws(SVFTError) {
    var values = JSON.Object()
    for (key, value) in gguf.metadata { values[key] = Self.json(value) }
    self.init(
      values, dialect: .gguf(architecture: try gguf.string("general.architecture")),
      file: gguf.path)
  }

  private static func json(_ value: GGUFValue) -> JSON {
    switch value {
    case .integer(let number, _): .integer(number)
    case .unsigned(let number): .unsigned(number)
    case .float32(let number): .number(Double(number.description) ?? Double(number))
    case .float64(let number): .number(number)
    case .bool(let flag): .bool(flag)
    case .string(let text): .string(text)
    case .array: .array([])
    }
  }
}
