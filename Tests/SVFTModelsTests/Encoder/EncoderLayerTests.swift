// One block's lists: what methods may adapt and what writers must write.
import SVFTFormats
import SVFTLayers
import SVFTModels
import SVFTTensor
import TestKit
import Testing

@Suite("EncoderLayer")
struct EncoderLayerTests {
  @Test("Every block gives six modules, and sixteen tensors", arguments: ["bert", "deberta"])
  func lists(_ name: String) throws {
    let model = try FamilyVariant(name, kind: "encoders").load()
    let modules = model.projections.map(\.name).filter { $0.contains("layer.1.") }
    #expect(modules.count == 6)
    #expect(modules.last?.hasSuffix("layer.1.output.dense") == true)
    #expect(model.slots.count { $0.name.contains("layer.1.") } == 16)
  }
}
