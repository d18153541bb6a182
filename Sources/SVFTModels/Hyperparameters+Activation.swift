// Activations by the names that config.json gives them. GGUF files name none: a family's default
// holds.
package import SVFTLayers
package import SVFTTensor

extension Hyperparameters {
  /// Names and what they mean; of several names for one activation the first is written.
  static let activations: [(name: String, activation: ActivationFunction)] = [
    ("silu", .silu), ("swish", .silu), ("gelu", .gelu), ("gelu_python", .gelu),
    ("gelu_new", .geluTanh),
    ("gelu_pytorch_tanh", .geluTanh), ("gelu_fast", .geluTanh), ("relu", .relu), ("tanh", .tanh),
    ("quick_gelu", .quickGelu), ("relu2", .squaredRelu), ("mish", .mish),
  ]

  /// The activation a key names.
  ///
  /// `.unsupported` where it is none of ours.
  package func activation(_ key: String, default other: String) throws(SVFTError)
    -> ActivationFunction
  {
    let name = try text(key, default: other)
    if let known = Self.activations.first(where: { $0.name == name }) { return known.activation }
    let known = Self.activations.map(\.name).joined(separator: ", ")
    throw SVFTError(
      .unsupported, "\(place(key)): expected one of \(known), found \(name.debugDescription)")
  }
}

extension ActivationFunction {
  /// How config.json spells it.
  var configName: String {
    Hyperparameters.activations.first { $0.activation == self }?.name ?? ""
  }

  /// Throws `.unsupported` for a model that a reader of its GGUF file would run with another
  /// activation: the family's `own`.
  func requireInGGUF(_ own: ActivationFunction) throws(SVFTError) {
    guard self != own else { return }
    throw SVFTError(
      .unsupported,
      "hidden_act: a GGUF file cannot say \(configName), and readers would run the model with "
        + "\(own.configName); save a folder instead")
  }
}
