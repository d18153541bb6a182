// Dense layers behind the pooling: what their folders say, and which are refused.
import SVFTFormats
import SVFTLayers
import SVFTModels
import SVFTTensor
import TestKit
import Testing

@Suite struct EmbeddingHeadDenseTests {
  private static let usual = #"{"in_features": 32, "out_features": 3}"#

  /// An encoder with pooling and these layers behind it; of each the config.json, and its tensors
  /// of the values 1, 2, …
  private static func folder(
    _ layers: [(config: String, tensors: [(name: String, shape: [Int])])],
    modules: [String]? = nil, type: String = "F32"
  ) throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    try TinyModel.bert().write(folder: folder.path)
    let kinds = modules ?? ["Pooling"] + [String](repeating: "Dense", count: layers.count)
    let list = kinds.enumerated().map { #"{"path": "\#($0)_\#($1)", "type": "a.models.\#($1)"}"# }
    try folder.write("modules.json", "[" + list.joined(separator: ",") + "]")
    var left = layers[...]
    for (number, kind) in kinds.enumerated() {
      let name = "\(number)_\(kind)"
      try FileSystem.makeFolder(folder.file(name))
      guard kind == "Dense", let layer = left.popFirst() else {
        try folder.write(name + "/config.json", "{}")
        continue
      }
      try folder.write(name + "/config.json", layer.config)
      let tensors = try layer.tensors.map { tensor in
        let count = tensor.shape.reduce(1, *)
        let numbers = try Buffer(of: Float.self, count: count)
        for index in 0..<count { numbers.values(Float.self)[index] = Float(index + 1) }
        let plain = try Weight(
          format: ElementFormats.f32, rows: 1, columns: count, bytes: numbers)
        let stored = try plain.converted(to: #require(ElementFormats.named(type)), threads: 1)
        return OutgoingTensor(
          tensor.name, tensor.shape, try StoredType.named(type), bytes: stored.bytes)
      }
      try SafetensorsWriter.write(
        folder.file(name + "/model.safetensors"), tensors, metadata: [])
    }
    return folder
  }

  private static let tensors = [
    (name: "linear.weight", shape: [3, 32]), (name: "linear.bias", shape: [3]),
  ]

  @Test(arguments: ["F32", "F16", "BF16"])
  func aLayerIsReadInF32(_ type: String) throws {
    let folder = try Self.folder([(Self.usual, Self.tensors)], type: type)
    let head = try Checkpoint(folder.path).load().embeddingHead
    #expect(head.poolings == [.mean] && head.layers.count == 1 && head.width(hidden: 32) == 3)
    let layer = try #require(head.layers.first)
    // The hyperbolic tangent, where nobody says otherwise.
    #expect(layer.activation == .tanh)
    let weight = layer.projection.weight.weight
    #expect((weight.rows, weight.columns, weight.format.name) == (3, 32, "F32"))
    #expect(weight.bytes.values(Float.self)[95] == 96)
    #expect(layer.projection.bias?.weight.bytes.values(Float.self)[2] == 3)
    #expect(
      try EmbeddingHead.files(in: folder.path).suffix(2) == [
        "1_Dense/config.json", "1_Dense/model.safetensors",
      ])
  }

  @Test(
    arguments: [
      ("linear.Identity", nil), ("activation.Tanh", .tanh), ("activation.ReLU", .relu),
      ("activation.Sigmoid", .sigmoid), ("activation.SiLU", .silu), ("activation.GELU", .gelu),
      ("activation.Mish", .mish),
    ] as [(String, ActivationFunction?)])
  func layersFollowEachOther(_ name: String, _ expected: ActivationFunction?) throws {
    let first =
      #"{"in_features": 32, "out_features": 5, "bias": false, "module_input_name": "#
      + #""sentence_embedding", "activation_function": "torch.nn.modules.\#(name)"}"#
    let second =
      #"{"in_features": 5, "out_features": 2, "bias": true, "module_output_name": null}"#
    let folder = try Self.folder(
      [
        (first, [("linear.weight", [5, 32])]),
        (second, [("linear.weight", [2, 5]), ("linear.bias", [2])]),
      ], modules: ["Pooling", "Dense", "Dense", "Normalize"])
    let head = try Checkpoint(folder.path).load().embeddingHead
    #expect(head.layers.map(\.activation) == [expected, .tanh])
    #expect(head.layers.map { $0.projection.bias == nil } == [true, false])
    #expect(head.normalizes && head.width(hidden: 32) == 2)
    let losses = head.losses(context: 512)
    #expect(losses.count == 2 && losses[0].contains("from 32 to 5"))
  }

  @Test(
    arguments: [
      (#", "activation_function": "torch.nn.modules.activation.Softplus""#, "Softplus"),
      (#", "activation_function": "mine.Tanh""#, "mine.Tanh"), (#", "use_residual": true"#, "use_"),
      (#", "module_input_name": "token_embeddings""#, "module_input_name"),
      (#", "module_output_name": "other""#, "module_output_name"),
    ])
  func whatALayerDoesBesidesIsRefused(_ setting: String, _ words: String) throws {
    let folder = try Self.folder([(Self.usual.dropLast() + setting + "}", Self.tensors)])
    let failure = #expect(throws: SVFTError.self) { try Checkpoint(folder.path).load() }
    #expect(failure?.kind == .unsupported)
    #expect(failure?.message.contains("1_Dense/config.json: ") == true)
    #expect(failure?.message.contains(words) == true, "\(failure?.message ?? "")")
  }

  @Test(
    arguments: [
      (["Dense", "Pooling"], "Dense before Pooling"),
      (["Pooling", "Dense", "Pooling"], "Pooling behind Dense"),
      (["Pooling", "Normalize", "Dense"], "Dense behind Normalize"),
    ])
  func anotherOrderIsRefused(_ modules: [String], _ words: String) throws {
    let folder = try Self.folder([(Self.usual, Self.tensors)], modules: modules)
    let failure = #expect(throws: SVFTError.self) { try Checkpoint(folder.path).load() }
    #expect(failure?.kind == .unsupported)
    #expect(failure?.message.contains(words) == true, "\(failure?.message ?? "")")
  }

  @Test(
    arguments: [
      (usual, [("linear.weight", [3, 31]), ("linear.bias", [3])], .shape, "[3, 32]"),
      (usual, [("linear.weight", [3, 32])], .format, "linear.bias"),
      (usual, tensors + [("residual.weight", [3, 32])], .unsupported, "residual.weight"),
      (
        #"{"in_features": 16, "out_features": 3}"#,
        [("linear.weight", [3, 16]), ("linear.bias", [3])], .shape, "expected 32"
      ),
      (#"{"in_features": 0, "out_features": 3}"#, tensors, .format, "in_features"),
      (#"{"in_features": 32}"#, tensors, .format, "out_features"),
    ] as [(String, [(String, [Int])], SVFTError.Kind, String)])
  func brokenLayersAreNamed(
    _ config: String, _ tensors: [(String, [Int])], _ kind: SVFTError.Kind, _ words: String
  ) throws {
    let folder = try Self.folder([(config, tensors.map { (name: $0.0, shape: $0.1) })])
    let failure = #expect(throws: SVFTError.self) { try Checkpoint(folder.path).load() }
    #expect(failure?.kind == kind)
    #expect(failure?.message.contains("1_Dense") == true, "\(failure?.message ?? "")")
    #expect(failure?.message.contains(words) == true, "\(failure?.message ?? "")")
  }

  @Test func aLayerWithoutTensorsIsNamed() throws {
    let folder = try Self.folder([(Self.usual, Self.tensors)])
    try FileSystem.remove(folder.file("1_Dense/model.safetensors"))
    try folder.write("1_Dense/pytorch_model.bin", "x")
    let failure = #expect(throws: SVFTError.self) { try Checkpoint(folder.path).load() }
    #expect(failure?.kind == .io)
    #expect(failure?.message.contains("pytorch_model.bin") == true)
  }
}
