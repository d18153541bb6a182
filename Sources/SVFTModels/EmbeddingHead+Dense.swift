// A dense layer behind the pooling, as sentence-transformers has it:
//
//   y = f(W x + b)
//
// in a folder with a config.json ("in_features", "out_features", "bias", and f by its class in
// torch) and the tensors linear.weight [out, in] and linear.bias [out], which are computed in F32
// whatever they are stored in. Nothing trains it: no adapter sees it, and saved folders get a copy.
import SVFTFormats
package import SVFTLayers
import SVFTTensor

extension EmbeddingHead {
  /// One dense layer; equal where it is the very same matrix.
  package struct Dense: Sendable, Equatable {
    package let projection: Projection
    /// What follows the product; nil for nothing.
    package let activation: ActivationFunction?

    package static func == (one: Dense, other: Dense) -> Bool {
      one.projection === other.projection && one.activation == other.activation
    }

    /// Records the layer. [rows, projection.columns] → [rows, projection.rows]
    func record(_ x: Value, _ graph: Graph) throws(SVFTError) -> Value {
      let product = try graph.project(x, projection)
      return activation.map { graph.activation(product, $0) } ?? product
    }
  }

  /// Throws `.shape` where the layers do not fit each other and hidden states of that width.
  func requireFit(hidden: Int) throws(SVFTError) {
    var width = poolings.count * hidden
    for layer in layers {
      guard layer.projection.columns == width else {
        throw SVFTError(
          .shape,
          "\(layer.projection.name): in_features: expected \(width), the numbers before it, found "
            + "\(layer.projection.columns)")
      }
      width = layer.projection.rows
    }
  }
}

extension EmbeddingHead.Dense {
  /// The last part of its class's name.
  static let kind = "Dense"
  /// The file of its tensors.
  static let tensors = "model.safetensors"

  /// Functions by the classes of torch that are them; they have no parameters.
  private static let activations: [(name: String, function: ActivationFunction?)] = [
    ("Identity", nil), ("Tanh", .tanh), ("ReLU", .relu), ("Sigmoid", .sigmoid), ("SiLU", .silu),
    ("GELU", .gelu), ("Mish", .mish),
  ]

  /// Reads the folder of a layer.
  ///
  /// `.unsupported` for what it does besides, or another activation; `.shape` where the tensors are
  /// others than config.json says.
  init(folder: String) throws(SVFTError) {
    let file = FileSystem.join(folder, EmbeddingHead.settings)
    let config = try JSON.read(file).root(file)
    let sizes = 1...(1 << 20)
    let (rows, columns, bias) = try during(file) { () throws(SVFTError) in
      try EmbeddingHead.requireVectors(config)
      guard try !config.bool("use_residual", default: false) else {
        throw SVFTError(.unsupported, "use_residual is not supported")
      }
      func size(_ key: String) throws(SVFTError) -> Int {
        try Checked.within(config.int(key), sizes, key, kind: .format)
      }
      let bias = try config.bool("bias", default: true)
      return (try size("out_features"), try size("in_features"), bias)
    }
    activation = try during(file) { () throws(SVFTError) in try Self.activation(config) }
    let source = try Self.source(folder)
    var reader = WeightReader(
      source, names: TensorNames(prefix: "", [:]), dialect: .huggingFace)
    let stored = try reader.projection("linear", rows: rows, columns: columns, bias: bias)
    if let name = reader.unused.first {
      throw SVFTError(
        .unsupported,
        "\(source.path): expected linear.weight\(bias ? " and linear.bias" : ""), found "
          + name.debugDescription)
    }
    let weight = try stored.weight.weight.converted(to: ElementFormats.f32, threads: 1)
    let slot = Slot(name: folder + "/linear.weight", weight: weight, shape: [rows, columns])
    projection = Projection(name: folder, weight: slot, bias: stored.bias)
  }

  private static func source(_ folder: String) throws(SVFTError) -> any TensorSource {
    let file = FileSystem.join(folder, tensors)
    guard try FileSystem.isFile(file) else {
      let found = try Checkpoint.contents(of: folder) ?? "none"
      throw SVFTError(.io, "\(folder): expected \(tensors), found \(found)")
    }
    // Small, and nobody should miss it when the folder is written anew.
    return try Safetensors(file, access: .copied)
  }

  private static func activation(_ config: JSON.Object) throws(SVFTError) -> ActivationFunction? {
    // What sentence-transformers does where nobody says.
    let key = "activation_function"
    guard config.has(key) else { return .tanh }
    let path = try config.string(key)
    let name = path.hasPrefix("torch.") ? path.split(separator: ".").last.map(String.init) : nil
    guard let known = activations.first(where: { $0.name == name }) else {
      let known = activations.map(\.name).joined(separator: ", ")
      throw SVFTError(
        .unsupported, "\(key): expected one of torch's \(known), found \(path.debugDescription)")
    }
    return known.function
  }
}
