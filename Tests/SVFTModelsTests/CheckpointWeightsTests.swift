// How a folder may keep its weights: wrapped, in double precision, and what is refused by name.
import SVFTFormats
import SVFTLayers
import SVFTModels
import SVFTTensor
import TestKit
import Testing

@Suite("Checkpoint: weights")
struct CheckpointWeightsTests {
  private func failure(_ change: (inout TinyModel) -> Void) throws -> SVFTError? {
    let folder = try TemporaryFolder()
    var model = TinyModel.llama()
    change(&model)
    try model.write(folder: folder.path)
    do {
      _ = try Checkpoint(folder.path).load()
      return nil
    } catch { return error }
  }

  @Test(
    "A model saved from within a wrapper is the same model",
    arguments: [
      "module.", "_orig_mod.", "base_model.model.", "module._orig_mod.",
    ])
  func wrapped(_ prefix: String) throws {
    let folder = try TemporaryFolder()
    var model = TinyModel.llama()
    try model.write(folder: folder.file("a"))
    for index in model.tensors.indices {
      model.tensors[index].name = prefix + model.tensors[index].name
    }
    try model.write(folder: folder.file("b"))
    let (a, b) = try (Checkpoint(folder.file("a")).load(), Checkpoint(folder.file("b")).load())
    #expect(a.slots.map(\.name) == b.slots.map(\.name) && b.unused == [])
    for (x, y) in zip(a.slots, b.slots) { #expect(x.weight.bytes.array == y.weight.bytes.array) }
  }

  @Test("Weights in double precision are the same model", arguments: [false, true])
  func doubles(_ inStrips: Bool) throws {
    let folder = try TemporaryFolder()
    let model = TinyModel.llama()
    try model.write(folder: folder.file("a"))
    try model.write(folder: folder.file("b"))
    var outgoing: [OutgoingTensor] = []
    for tensor in model.tensors {
      let bytes = try Buffer(of: Double.self, count: tensor.values.count)
      for (index, value) in tensor.values.enumerated() {
        bytes.values(Double.self)[index] = Double(value)
      }
      outgoing.append(
        OutgoingTensor(tensor.name, tensor.shape, try .named("F64"), bytes: bytes))
    }
    try SafetensorsWriter.write(folder.file("b/model.safetensors"), outgoing, metadata: [])
    let a = try Checkpoint(folder.file("a")).load()
    let b = try Checkpoint(folder.file("b")).load(.init(threads: 2, inStrips: inStrips))
    #expect(b.unused == [])
    for (x, y) in zip(a.slots, b.slots) {
      let isSame = try x.weight.decoded().array == y.weight.decoded().array
      #expect(isSame, "\(x.name)")
    }
  }

  @Test("What MLX has quantised is refused by name, a stray key is not", arguments: [true, false])
  func mlx(_ isQuantised: Bool) throws {
    let settings: JSON = ["group_size": 64, "bits": 4]
    let error = try failure { model in
      model.config["quantization"] = settings
      guard isQuantised else { return }
      model.tensors.append(.init(name: "model.x.scales", shape: [2], values: [1, 2]))
    }
    #expect(error?.kind == (isQuantised ? .unsupported : nil))
    let words = "quantised by MLX (take the model's own"
    #expect((error?.message.contains(words) ?? false) == isQuantised)
    let other = try failure { $0.config["quantization_config"] = settings }
    #expect(other?.kind == .unsupported && other?.message.contains("quantised by MLX") == true)
  }

  @Test("Other quantisations are refused by name", arguments: ["gptq", "awq", "fp8"])
  func others(_ method: String) throws {
    let error = try failure {
      $0.config["quantization_config"] = ["quant_method": .string(method), "bits": 4]
    }
    #expect(error?.kind == .unsupported)
    #expect(error?.message.contains("quantised by \(method)") == true)
  }

  @Test("A model whose adapter was not merged is refused with the advice to merge it")
  func unmerged() throws {
    let error = try failure { model in
      for index in model.tensors.indices {
        let name = "base_model.model." + model.tensors[index].name
        model.tensors[index].name = name.replacingEnd("q_proj.weight", "q_proj.base_layer.weight")
      }
    }
    #expect(error?.kind == .unsupported)
    #expect(error?.message.contains("merge_and_unload") == true)
  }
}

extension String {
  fileprivate func replacingEnd(_ end: String, _ other: String) -> String {
    hasSuffix(end) ? dropLast(end.count) + other : self
  }
}
