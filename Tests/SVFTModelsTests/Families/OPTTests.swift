// OPT: positions from row 2 on, and the model of 350 million.
import SVFTFormats
import SVFTLayers
import SVFTModels
import SVFTTensor
import TestKit
import Testing

@Suite("OPT")
struct OPTTests {
  @Test("Sums are normalised where the file says so, and words have their width")
  func after() throws {
    let model = try FamilyVariant("opt-after").load()
    #expect(model.architecture.geometry.hiddenWidth == 64)
    #expect(model.projections.first?.name == "model.decoder.project_in")
    #expect(!model.slots.contains { $0.name == "model.decoder.final_layer_norm.weight" })
  }

  @Test("A GGUF file cannot hold it")
  func metadata() {
    #expect { try FamilyVariant("opt").metadata() } throws: {
      ($0 as? SVFTError)?.kind == .unsupported
    }
  }
}
