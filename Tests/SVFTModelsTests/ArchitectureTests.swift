// The contract every family keeps: consistent lists, both dialects, ragged batches, descriptions
// that load again, gradients that reach every tensor.
import SVFTFormats
import SVFTLayers
import SVFTModels
import SVFTTensor
import TestKit
import Testing

/// A tiny model of each family; a family without one fails `everyFamilyIsTested`.
struct FamilyCase: Sendable, CustomStringConvertible {
  let name: String
  let model: TinyModel

  var description: String { name }

  static let all = [
    FamilyCase(name: "llama", model: .llama()),
    FamilyCase(name: "llama", model: .llama(tied: false, biases: true)),
    FamilyCase(name: "llama", model: .llama(.init { $0.keyValueHeads = 1 })),
    FamilyCase(name: "bert", model: .bert(prefix: "bert.")),
    FamilyCase(name: "bert", model: .bert(labels: 3)),
  ]

  /// The model from a folder of its own.
  func load(_ loading: WeightReader.Loading = .init()) throws -> LoadedModel {
    let folder = try TemporaryFolder()
    try model.write(folder: folder.path)
    return try Checkpoint(folder.path).load(loading)
  }

  /// The model from a GGUF file.
  func loadGGUF() throws -> LoadedModel {
    let folder = try TemporaryFolder()
    try model.write(gguf: folder.file("m.gguf"))
    return try Checkpoint(folder.file("m.gguf")).load()
  }
}

@Suite("Architecture")
struct ArchitectureTests {
  static let ids: [Int32] = [1, 7, 39, 0, 12, 7, 3]

  @Test("Every family of the registry is tested here")
  func everyFamilyIsTested() throws {
    let all = FamilyFixture.all + FamilyFixture.encoders + FamilyFixture.answers
    let fixtures = try (all + FamilyFixture.vision).map {
      try $0.config().string("model_type")
    }
    for family in Architectures.all {
      #expect((FamilyCase.all.map(\.name) + fixtures).contains { family.names.contains($0) })
    }
    // GGUF files have one name for BERT and RoBERTa.
    let names = Architectures.all.compactMap { $0.names.last }
    #expect(Set(names).count == names.count)
  }

  @Test("An unknown family is refused with its name and the known ones")
  func unknown() {
    #expect {
      _ = try Architectures.named(
        "gpt5", in: "config.json: model_type",
        of: Hyperparameters(JSON.Object(), dialect: .huggingFace, file: "config.json"))
    } throws: { error in
      guard let error = error as? SVFTError else { return false }
      return error.kind == .unsupported && error.message.contains("gpt5")
        && error.message.contains("llama")
    }
  }

  @Test("Geometry, shapes and names are consistent", arguments: FamilyCase.all)
  func lists(_ family: FamilyCase) throws {
    let model = try family.load()
    let geometry = model.architecture.geometry
    #expect(geometry.hiddenWidth == 32 && geometry.layers == 2 && geometry.vocabularySize == 40)
    #expect(model.unused == [])
    let names = model.storedSlots.map(\.name)
    #expect(Set(names).count == names.count)
    #expect(names.count == family.model.tensors.count)
    let slots = Set(model.storedSlots.map { ObjectIdentifier($0) })
    for projection in model.projections {
      #expect(slots.contains(ObjectIdentifier(projection.weight)))
      let tied = projection.name == "lm_head" && projection.weight.name != "lm_head.weight"
      #expect(tied || projection.weight.name == projection.name + ".weight")
    }
    let probe = try ModelProbe(model, .none, rows: 8)
    let hidden = try probe([Self.ids])
    #expect(hidden.count == 7 && hidden.allSatisfy { $0.count == 32 })
    #expect(hidden.joined().allSatisfy { $0.isFinite })
  }

  @Test(
    "Both dialects give the same hidden states and canonical tensors", arguments: FamilyCase.all)
  func dialects(_ family: FamilyCase) throws {
    let (folder, gguf) = try (family.load(), family.loadGGUF())
    #expect(gguf.unused == [])
    #expect(gguf.architecture.geometry == folder.architecture.geometry)
    let a = try ModelProbe(folder, .none, rows: 8)([Self.ids])
    let b = try ModelProbe(gguf, .none, rows: 8)([Self.ids])
    for (x, y) in zip(a, b) { #expect(distance(x, y) < 2e-5) }
    #expect(folder.storedSlots.map(\.name) == gguf.storedSlots.map(\.name))
    for (x, y) in zip(folder.storedSlots, gguf.storedSlots) {
      #expect(try Self.canonical(x) == Self.canonical(y), "\(x.name)")
    }
  }

  private static func canonical(_ slot: Slot) throws -> [Float] {
    let values = try Buffer(of: Float.self, count: slot.weight.rows * slot.weight.columns)
    slot.decodeCanonical(
      rows: 0..<slot.weight.rows, into: values.pointer.assumingMemoryBound(to: Float.self))
    return withExtendedLifetime(values) { Array(values.values(Float.self)) }
  }

  @Test("A sequence alone equals itself in a ragged batch", arguments: FamilyCase.all)
  func ragged(_ family: FamilyCase) throws {
    let model = try family.load()
    let sequences: [[Int32]] = [Self.ids, [5], [9, 8, 7, 6, 5, 4, 3, 2, 1], [0, 0]]
    let together = try ModelProbe(model, .none, rows: 32, threads: 2)(sequences)
    let probe = try ModelProbe(model, .none, rows: 32)
    var row = 0
    for sequence in sequences {
      for alone in try probe([sequence]) {
        #expect(distance(alone, together[row]) < 1e-5)
        row += 1
      }
    }
  }

  @Test("What a model says of itself loads as the same model", arguments: FamilyCase.all)
  func selfDescription(_ family: FamilyCase) throws {
    // GGUF → config.json and metadata → model again, with the tensors of the folder.
    let gguf = try family.loadGGUF()
    var copy = family.model
    copy.config = try gguf.architecture.config()
    let folder = try TemporaryFolder()
    try copy.write(folder: folder.path)
    let again = try Checkpoint(folder.path).load()
    #expect(again.architecture.geometry == gguf.architecture.geometry)
    let a = try ModelProbe(again, .none, rows: 8)([Self.ids])
    let b = try ModelProbe(try family.load(), .none, rows: 8)([Self.ids])
    #expect(a == b)
    let metadata = try gguf.architecture.metadata()
    #expect(Set(metadata.map(\.key)).count == metadata.count)
    for required in ["block_count", "context_length", "embedding_length", "attention.head_count"] {
      #expect(metadata.contains { $0.key == "\(family.name).\(required)" })
    }
  }

  @Test("Gradients reach every linear module and every tensor", arguments: FamilyCase.all)
  func gradients(_ family: FamilyCase) throws {
    let model = try family.load()
    let used = model.architecture.slots
    for slot in used {
      let weight = slot.weight
      let parameter = try Parameter(slot.name, rows: weight.rows, columns: weight.columns)
      if let values = parameter.values.baseAddress {
        weight.decode(rows: 0..<weight.rows, into: values)
      }
      slot.standIn = parameter
    }
    let probe = try ModelProbe(model, .none, rows: 8, training: true)
    _ = try probe([Self.ids])
    let seed = try #require(probe.program.gradient(probe.result))
    for index in 0..<7 * 32 { seed[index] = Float(index % 5) - 1.7 }
    try probe.program.backward(probe.batch)
    for slot in used {
      let gradients = try #require(slot.standIn).gradients
      #expect(gradients.contains { $0 != 0 }, "\(slot.name)")
      #expect(gradients.allSatisfy { $0.isFinite }, "\(slot.name)")
    }
  }
}
