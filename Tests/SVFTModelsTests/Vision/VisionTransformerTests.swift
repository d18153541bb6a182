// Tiny vision transformers against transformers: layer outputs, hidden states, classes, gradients.
import Foundation
import SVFTFormats
import SVFTLayers
import SVFTModels
import SVFTTensor
import TestKit
import Testing

/// A model of images, its body and its head replayed one after the other as passes do it.
private struct ImageProbe {
  let model: LoadedModel
  let grid: PatchGrid
  let body: Program
  let hidden: Value
  let layers: [Value]
  let batch: Batch

  init(_ model: LoadedModel, images: Int = 1, training: Bool = false) throws {
    self.model = model
    grid = try #require(model.architecture.geometry.grid)
    let graph = Graph(training: training)
    hidden = try model.architecture.record(graph)
    layers = graph.layerOutputs
    for value in training ? [hidden] : layers + [hidden] { graph.output(value) }
    body = try Program(graph, rows: images * grid.rows, threads: 2)
    batch = try Batch(rows: images * grid.rows, sequences: images, grid: grid)
    batch.compute = .f32
  }

  func run(_ images: [Float]...) throws {
    batch.clear()
    for pixels in images { try batch.append(image: pixels) }
    try body.forward(batch)
  }

  /// The rows of one image.
  func values(_ value: Value, image: Int = 0) -> UnsafeBufferPointer<Float> {
    let count = grid.rows * value.width
    return UnsafeBufferPointer(start: body.values(value) + image * count, count: count)
  }
}

@Suite("VisionTransformer")
struct VisionTransformerTests {
  @Test("Layers and hidden states equal those of transformers", arguments: FamilyFixture.vision)
  func layers(_ fixture: FamilyFixture) throws {
    let golden = try fixture.golden()
    let model = try Checkpoint(fixture.folder).load()
    #expect(model.unused == [])
    let probe = try ImageProbe(model)
    try probe.run(golden.values("pixels"))
    #expect(probe.layers.count == 2)
    for (number, value) in probe.layers.enumerated() {
      #expect(
        relative(probe.values(value), try golden.values("layer.\(number)")) < 1e-4,
        "layer \(number)")
    }
    #expect(relative(probe.values(probe.hidden), try golden.values("hidden")) < 1e-4)
  }

  @Test("Every image of a batch equals transformers', whatever lies before it", arguments: [1, 2])
  func batches(_ place: Int) throws {
    let fixture = FamilyFixture(name: "vit", kind: "vision")
    let golden = try fixture.golden()
    let probe = try ImageProbe(Checkpoint(fixture.folder).load(), images: 3)
    let pixels = try golden.values("pixels")
    let other = pixels.map { 1 - $0 }
    try place == 1 ? probe.run(other, pixels, other) : probe.run(other, other, pixels)
    let expected = try golden.values("hidden")
    #expect(relative(probe.values(probe.hidden, image: place), expected) < 1e-4)
    #expect(relative(probe.values(probe.hidden), expected) > 1e-2)
  }

  @Test("A vector of masked patches of any shape is carried, and stops nobody")
  func oddCarried() throws {
    let fixture = FamilyFixture(name: "vit", kind: "vision")
    let file = try Safetensors(fixture.folder + "/model.safetensors")
    let float = try StoredType.named("F32")
    for shape in [[], [1], [1, 1, 1, 1]] as [[Int]] {
      let folder = try TemporaryFolder()
      try FileManager.default.copyItem(
        atPath: fixture.folder + "/config.json", toPath: folder.file("config.json"))
      var tensors = try file.names.map { try OutgoingTensor(copying: $0, from: file) }
      let odd = try Buffer(of: Float.self, count: 1)
      tensors.append(OutgoingTensor("vit.embeddings.mask_token", shape, float, bytes: odd))
      try SafetensorsWriter.write(folder.file("model.safetensors"), tensors, metadata: [])
      let model = try Checkpoint(folder.path).load()
      #expect(model.storedSlots.contains { $0.shape == shape }, "\(shape)")
    }
  }

  /// Body and head in training, forward and backward of the loss against class 1.
  private func trained(_ model: LoadedModel, _ pixels: [Float]) throws -> [Float] {
    let head = try #require(model.classHead)
    let graph = Graph(training: true)
    let probe = try ImageProbe(model, training: true)
    let width = head.adjacentRows * model.architecture.geometry.hiddenWidth
    let input = graph.input(width: width, differentiable: true)
    let logits = try head.record(input, graph)
    graph.output(logits)
    let program = try Program(graph, rows: 1, threads: 1)
    let batch = try Batch(rows: 1, sequences: 1)
    batch.compute = .f32
    try batch.setRows(1)
    try probe.run(pixels)
    // The first rows lie side by side.
    program.values(input).update(from: probe.body.values(probe.hidden), count: width)
    try program.forward(batch)
    let found = (0..<head.outputs).map { program.values(logits)[$0] }
    let shares = found.map { exp(Double($0)) }
    let seed = try #require(program.gradient(logits))
    for index in found.indices {
      seed[index] = Float(shares[index] / shares.reduce(0, +) - (index == 1 ? 1 : 0))
    }
    try program.backward(batch)
    let gradient = try #require(probe.body.gradient(probe.hidden))
    gradient.update(repeating: 0, count: probe.grid.rows * probe.hidden.width)
    gradient.update(from: try #require(program.gradient(input)), count: width)
    try probe.body.backward(probe.batch)
    return found
  }

  static let headed = FamilyFixture.vision.filter { !$0.name.hasSuffix("body") }

  @Test("Classes and gradients equal those of transformers", arguments: headed)
  func gradients(_ fixture: FamilyFixture) throws {
    let golden = try fixture.golden()
    let model = try Checkpoint(fixture.folder).load()
    let slots = try trainKnown(model, golden, moreThan: 8)
    let logits = try trained(model, golden.values("pixels"))
    #expect(relative(logits, try golden.values("logits")) < 1e-4)
    try expectGradients(slots, golden)
  }

  @Test("Names of version 5 of transformers are the same model")
  func newerNames() throws {
    let fixture = FamilyFixture(name: "vit", kind: "vision")
    let folder = try TemporaryFolder()
    try FileManager.default.copyItem(
      atPath: fixture.folder + "/config.json", toPath: folder.file("config.json"))
    let file = try Safetensors(fixture.folder + "/model.safetensors")
    let renamed = try file.entries.map { entry in
      var name = entry.name
      for (old, new) in [
        ("encoder.layer.", "layers."), ("attention.attention.query", "attention.q_proj"),
        ("attention.attention.key", "attention.k_proj"),
        ("attention.attention.value", "attention.v_proj"),
        ("attention.output.dense", "attention.o_proj"), ("intermediate.dense", "mlp.fc1"),
        ("output.dense", "mlp.fc2"),
      ] {
        name = name.replacingOccurrences(of: old, with: new)
      }
      return OutgoingTensor(name, entry.shape, entry.type, bytes: try file.bytes(entry.name))
    }
    try SafetensorsWriter.write(folder.file("model.safetensors"), renamed, metadata: [])
    let model = try Checkpoint(folder.path).load()
    #expect(model.unused == [])
    let (one, other) = try (ImageProbe(model), ImageProbe(Checkpoint(fixture.folder).load()))
    let pixels = try fixture.golden().values("pixels")
    try one.run(pixels)
    try other.run(pixels)
    #expect(Array(one.values(one.hidden)) == Array(other.values(other.hidden)))
  }

  @Test("What quantises is linear modules: kernels and learned rows stay as they lie")
  func quantised() throws {
    let fixture = FamilyFixture(name: "deit", kind: "vision")
    let format = try Quantization.required("q8_0")
    let model = try Checkpoint(fixture.folder).load(.init(quantization: format))
    for slot in model.architecture.slots where slot.shape.count != 1 {
      #expect(slot.weight.format.name == (slot.shape.count == 2 ? "Q8_0" : "F16"), "\(slot.name)")
    }
  }
}
