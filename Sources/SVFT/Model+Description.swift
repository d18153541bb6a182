// What a loaded model says of itself.
import SVFTAdapters
import SVFTFormats
import SVFTLayers
import SVFTModels
public import SVFTTensor

extension Model {
  /// Family, sizes, formats, memory, heads and adapters, as JSON.
  public func describe() throws(SVFTError) -> String {
    try gate.exclusively { () throws(SVFTError) in
      let geometry = network.geometry
      var formats: [(key: String, value: Int)] = []
      var (parameters, bytes) = (0, 0)
      for slot in network.slots {
        parameters += slot.weight.rows * slot.weight.columns
        bytes += slot.weight.bytes.byteCount
        let name = slot.weight.format.name
        if let index = formats.firstIndex(where: { $0.key == name }) {
          formats[index].value += 1
        } else {
          formats.append((name, 1))
        }
      }
      var object = JSON.Object([
        ("path", .string(path)), ("family", .string(network.architecture.name)),
        ("parameters", .integer(parameters)), ("bytes", .integer(bytes)),
        ("formats", .object(JSON.Object(formats.map { (key: $0.key, value: .integer($0.value)) }))),
        ("layers", .integer(geometry.layers)), ("hidden_size", .integer(geometry.hiddenWidth)),
        ("embedding_size", .integer(embeddingWidth)),
        ("vocabulary_size", .integer(geometry.vocabularySize)),
        ("context_length", .integer(contextLength)),
        ("generates", .bool(geometry.isCausal && network.heads.language != nil)),
        ("threads", .integer(network.threads)),
        ("compute", .string(options.precision.rawValue)),
        ("kv_format", .string(network.keyValueFormat.name.lowercased())),
        ("instruction_set", .string("\(Kernels.instructionSet)")),
        (
          "memory",
          .object(
            JSON.Object([
              ("used", .integer(network.memory.used)), ("peak", .integer(network.memory.peak)),
            ]))
        ),
      ])
      if let grid = geometry.grid {
        object["image"] = .object(
          JSON.Object([
            ("height", .integer(grid.height)), ("width", .integer(grid.width)),
            ("channels", .integer(grid.channels)), ("patch_height", .integer(grid.patchHeight)),
            ("patch_width", .integer(grid.patchWidth)),
          ]))
      }
      if let head = network.heads.classes {
        object["classes"] = .array((0..<head.outputs).map { .string(className($0)) })
      }
      if !loaded.unused.isEmpty {
        object["unused_tensors"] = .array(loaded.unused.map { .string($0) })
      }
      object["modules"] = .array(network.projections.map { .string($0.name) })
      object["adapters"] = .array(
        adapters.map { .object(Adapter(self, $0).description) })
      return try JSON.object(object).text(.pretty)
    }
  }

  /// Attached adapters, in order. Throws `.busy` while the model is in use.
  public var attachedAdapters: [Adapter] {
    get throws(SVFTError) {
      try gate.exclusively { () throws(SVFTError) in adapters.map { Adapter(self, $0) } }
    }
  }
}

extension Adapter {
  /// Method, scale, targets and trained numbers per module, as JSON.
  public func describe() throws(SVFTError) -> String {
    try model.gate.exclusively { () throws(SVFTError) in
      try JSON.object(description).text(.pretty)
    }
  }

  /// The description; the caller holds the gate.
  var description: JSON.Object {
    let parameters = attached.parameters
    var description = JSON.Object([
      ("method", .string(type(of: method).name)), ("scale", .number(Double(scale))),
      ("trainable", .integer(parameters.reduce(0) { $0 + $1.count })),
      ("modules", .array(method.projections.map { .string($0.name) })),
      (
        "parameters",
        .object(JSON.Object(parameters.map { (key: $0.name, value: .integer($0.count)) }))
      ),
      ("configuration", .object(method.configuration)),
    ])
    for key in ["quantization_aware", "latents", "scale_rate"] {
      if let word = attached.options[key] { description[key] = word }
    }
    let plan = method.plan
    if plan != JSON.Object() { description["plan"] = .object(plan) }
    return description
  }
}
