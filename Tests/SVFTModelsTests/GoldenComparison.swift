// What suites compare with the numbers of transformers beside a tiny checkpoint: outputs of layers,
// results, and gradients of some tensors.
import SVFTLayers
import SVFTModels
import SVFTTensor
import TestKit
import Testing

extension FamilyFixture {
  /// Expects layers and the head's results to be those of transformers for the fixture's text.
  func expectLayersAndResults(_ head: ModelProbe.Head) throws {
    let golden = try golden()
    let model = try Checkpoint(folder).load()
    #expect(model.unused == [])
    let probe = try ModelProbe(model, head, rows: 16, threads: 2, layers: true)
    _ = try probe([golden.ids])
    #expect(probe.graph.layerOutputs.count == model.architecture.geometry.layers)
    for (number, value) in probe.graph.layerOutputs.enumerated() {
      let expected = try golden.values("layer.\(number)")
      #expect(relative(probe.values(value, count: expected.count), expected) < 1e-4, "\(number)")
    }
    // A class head reads the first token; here every row has gone through it.
    let expected = try golden.values("logits")
    let rows = head == .classes ? 1 : golden.ids.count
    #expect(expected.count == rows * probe.result.width)
    #expect(relative(probe.values(probe.result, count: expected.count), expected) < 1e-4)
  }
}

/// The tensors whose gradients are known, more than `least`; they train from where they are.
func trainKnown(
  _ model: LoadedModel, _ golden: FamilyFixture.Golden, moreThan least: Int
) throws -> [Slot] {
  let names = golden.names("gradient.")
  let slots = model.slots.filter { names.contains($0.name) }
  #expect(slots.count == names.count && names.count > least, "\(names)")
  for slot in slots { try train(slot) }
  return slots
}

/// Expects gradients to be those of transformers.
func expectGradients(_ slots: [Slot], _ golden: FamilyFixture.Golden) throws {
  for slot in slots {
    var expected = try golden.values("gradient." + slot.name)
    if slot.isTransposedInFolders { expected = transposed(expected, rows: slot.weight.columns) }
    #expect(relative(try #require(slot.standIn).gradients, expected) < 1e-3, "\(slot.name)")
  }
}

/// [rows, n] → [n, rows]
func transposed(_ values: [Float], rows: Int) -> [Float] {
  let columns = values.count / rows
  return (0..<values.count).map { values[$0 % rows * columns + $0 / rows] }
}

/// Lets the tensor train from where it is.
func train(_ slot: Slot) throws {
  let weight = slot.weight
  let parameter = try Parameter(slot.name, rows: weight.rows, columns: weight.columns)
  if let values = parameter.values.baseAddress {
    weight.decode(rows: 0..<weight.rows, into: values)
  }
  slot.standIn = parameter
}

/// The largest difference over the largest expected number; infinite for other lengths.
func relative(_ found: some Collection<Float>, _ expected: [Float]) -> Float {
  let largest = expected.map(abs).max() ?? 0
  return distance(found, expected) / max(largest, .leastNormalMagnitude)
}
