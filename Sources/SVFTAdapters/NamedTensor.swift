// A tensor on its way to or from a file: a name, a shape, and F32 or 64-bit integer values.
package import SVFTTensor

/// One tensor of a saved adapter, in canonical row order.
package struct NamedTensor: Sendable {
  /// The key without prefix: "model.layers.0.self_attn.q_proj.lora_A.weight".
  package let name: String
  package let shape: [Int]
  /// "F32" or "I64", as safetensors calls it.
  package let type: String
  package let bytes: Buffer

  /// A tensor of `values`, which are copied.
  ///
  /// Throws `.memory`.
  package init<Element: BitwiseCopyable>(
    _ name: String, shape: [Int], type: String, _ values: some Collection<Element>
  ) throws(SVFTError) {
    self.name = name
    self.shape = shape
    self.type = type
    bytes = try Buffer(of: Element.self, count: values.count)
    guard !MemoryLedger.isRehearsing else { return }
    _ = bytes.values(Element.self).update(fromContentsOf: values)
  }

  /// A tensor that shares `bytes`.
  package init(_ name: String, shape: [Int], type: String, bytes: Buffer) {
    self.name = name
    self.shape = shape
    self.type = type
    self.bytes = bytes
  }

  /// Its values as F32.
  ///
  /// `.format` where they are of another type, `.nonFinite` where one is no number.
  package func floats() throws(SVFTError) -> UnsafeMutableBufferPointer<Float> {
    guard type == "F32" else {
      throw SVFTError(.format, "\(name): expected values of type F32, found \(type)")
    }
    let values = bytes.values(Float.self)
    for index in values.indices where !values[index].isFinite {
      throw SVFTError(
        .nonFinite, "\(name): expected numbers, found \(values[index]) at element \(index)")
    }
    return values
  }

  /// Its values as 64-bit integers.
  ///
  /// `.format` where they are of another type.
  package func integers() throws(SVFTError) -> UnsafeMutableBufferPointer<Int64> {
    guard type == "I64" else {
      throw SVFTError(.format, "\(name): expected values of type I64, found \(type)")
    }
    return bytes.values(Int64.self)
  }
}

extension NamedTensor {
  /// The same tensor under another name.
  func renamed(_ name: String) -> NamedTensor {
    NamedTensor(name, shape: shape, type: type, bytes: bytes)
  }
}
