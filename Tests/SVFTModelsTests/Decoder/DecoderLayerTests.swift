// What a layer takes and what is missing.
import Foundation
import SVFTFormats
import SVFTLayers
import SVFTModels
import SVFTTensor
import TestKit
import Testing

@Suite("DecoderLayer")
struct DecoderLayerTests {
  @Test(
    "Every tensor of a checkpoint is in the lists that writers go by", arguments: FamilyFixture.all)
  func slots(_ fixture: FamilyFixture) throws {
    let model = try Checkpoint(fixture.folder).load()
    let names = model.storedSlots.map(\.name)
    #expect(Set(names).count == names.count)
    #expect(Set(names) == Set(try Safetensors(fixture.folder + "/model.safetensors").names))
    let slots = Set(model.storedSlots.map { ObjectIdentifier($0) })
    #expect(model.projections.allSatisfy { slots.contains(ObjectIdentifier($0.weight)) })
  }

  @Test("A missing part is told by name")
  func missing() throws {
    let variant = try FamilyVariant("qwen3") { $0["num_hidden_layers"] = 3 }
    #expect {
      try variant.load()
    } throws: {
      ($0 as? SVFTError)?.message.contains("model.layers.2.input_layernorm.weight") == true
    }
  }
}
