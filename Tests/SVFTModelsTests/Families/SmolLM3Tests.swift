// SmolLM 3: layers that do not turn queries and keys.
import SVFTFormats
import SVFTLayers
import SVFTModels
import SVFTTensor
import TestKit
import Testing

@Suite("SmolLM3")
struct SmolLM3Tests {
  @Test("Every fourth layer does not turn, unless the file says otherwise")
  func layers() throws {
    #expect(try FamilyVariant("smollm3") { $0["no_rope_layers"] = nil }.distance() < 1e-4)
    #expect(try FamilyVariant("smollm3") { $0["no_rope_layers"] = [1, 1, 1, 1] }.distance() > 1e-3)
    let few = try FamilyVariant("smollm3") { $0["no_rope_layers"] = [1, 0] }
    #expect { try few.load() } throws: { ($0 as? SVFTError)?.kind == .format }
  }

  @Test("Layers that are listed have the window without the flag; the flag alone is none")
  func listedWindows() throws {
    let windows = try FamilyVariant("smollm3-window") { $0["use_sliding_window"] = false }
    #expect(try windows.distance() < 1e-5)
    let none = try FamilyVariant("smollm3-window") {
      $0["use_sliding_window"] = false
      $0["layer_types"] = .null
    }
    #expect(try none.distance() > 1e-3)
  }

  @Test("A GGUF file has no place for other layers or a window")
  func metadata() throws {
    #expect(
      try FamilyVariant("smollm3").metadata()["smollm3.block_count"] == "\(GGUFValue.uint32(4))")
    #expect(throws: SVFTError.self) { try FamilyVariant("smollm3-window").metadata() }
  }
}
