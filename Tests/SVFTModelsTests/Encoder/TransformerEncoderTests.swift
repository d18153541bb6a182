// Tiny encoders with class heads against transformers: layer outputs, classes, gradients.
import Foundation
import SVFTFormats
import SVFTLayers
import SVFTModels
import SVFTTensor
import TestKit
import Testing

@Suite("TransformerEncoder")
struct TransformerEncoderTests {
  @Test("Layers and classes equal those of transformers", arguments: FamilyFixture.encoders)
  func classes(_ fixture: FamilyFixture) throws {
    let golden = try fixture.golden()
    let model = try Checkpoint(fixture.folder).load()
    #expect(model.unused == [])
    let graph = Graph(training: false)
    let hidden = try model.architecture.record(graph)
    let head = try #require(model.classHead)
    let logits = try head.record(hidden, graph)
    for value in graph.layerOutputs + [logits] { graph.output(value) }
    let program = try Program(graph, rows: 16, threads: 2)
    let batch = try Batch(rows: 16, sequences: 2)
    batch.compute = .f32
    try batch.append(golden.ids)
    try program.forward(batch)
    for (number, value) in graph.layerOutputs.enumerated() {
      let expected = try golden.values("layer.\(number)")
      let found = UnsafeBufferPointer(start: program.values(value), count: expected.count)
      #expect(relative(found, expected) < 1e-4, "layer \(number)")
    }
    // The head reads the first token; here every row has gone through it.
    let expected = try golden.values("logits")
    let found = UnsafeBufferPointer(start: program.values(logits), count: expected.count)
    #expect(expected.count == head.outputs && relative(found, expected) < 1e-4)
  }

  @Test("Gradients equal those of transformers", arguments: FamilyFixture.encoders)
  func gradients(_ fixture: FamilyFixture) throws {
    let golden = try fixture.golden()
    let model = try Checkpoint(fixture.folder).load()
    let names = golden.names("gradient.")
    let slots = model.slots.filter { names.contains($0.name) }
    #expect(slots.count == names.count && names.count > 3)
    for slot in slots { try train(slot) }
    let probe = try ModelProbe(model, .classes, rows: 16, training: true)
    let found = try probe([golden.ids])[0]
    let seed = try #require(probe.program.gradient(probe.result))
    for index in 0..<golden.ids.count * found.count { seed[index] = 0 }
    // One score against 1, or classes of which the second is right.
    let shares = found.map { exp(Double($0)) }
    let sum = shares.reduce(0, +)
    for (index, value) in found.enumerated() {
      seed[index] =
        found.count == 1
        ? 2 * (value - 1) : Float(shares[index] / sum - (index == 1 ? 1 : 0))
    }
    try probe.program.backward(probe.batch)
    for slot in slots {
      let gradients = try #require(slot.standIn).gradients
      let expected = try golden.values("gradient." + slot.name)
      #expect(relative(gradients, expected) < 1e-3, "\(slot.name)")
    }
  }
}
