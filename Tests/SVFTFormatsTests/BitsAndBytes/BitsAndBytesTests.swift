// A folder of bitsandbytes as a source: its matrices, everything beside them, copies of both, and
// files that are damaged.
import SVFTFormats
import SVFTTensor
import TestKit
import Testing

@Suite struct BitsAndBytesTests {
  private static let path =
    FamilyFixture(name: "nested", kind: "fourbits").folder + "/model.safetensors"

  @Test func partsOfMatricesAreNoTensorsOfTheirOwn() throws {
    let plain = try Safetensors(Self.path)
    let source = try BitsAndBytes(plain)
    #expect(source.path == plain.path && source.names.count < plain.names.count)
    #expect(!source.names.contains { $0.contains("absmax") || $0.contains("quant_") })
    #expect(source.entry("model.layers.0.self_attn.q_proj.weight.absmax") == nil)
    #expect(throws: SVFTError.self) {
      try source.bytes("model.layers.0.self_attn.q_proj.weight.absmax")
    }
    let norm = "model.norm.weight"
    #expect(source.entry(norm) == plain.entry(norm) && !source.liesAsMultiplied(norm))
    #expect(try source.bytes(norm).array == plain.bytes(norm).array)
    #expect(try source.copies(of: norm, as: norm) == nil)
  }

  @Test func copiesAreTheBytesOfTheFolder() throws {
    let folder = try TemporaryFolder()
    let plain = try Safetensors(Self.path)
    let source = try BitsAndBytes(plain)
    let name = "model.layers.0.mlp.down_proj.weight"
    let copies = try #require(try source.copies(of: name, as: "other.weight"))
    #expect(copies.count == 6)
    try SafetensorsWriter.write(folder.file("f"), copies)
    let written = try Safetensors(folder.file("f"))
    for other in written.names {
      let own = name + other.dropFirst("other.weight".count)
      #expect(try written.bytes(other).array == plain.bytes(own).array)
      #expect(written.entry(other)?.shape == plain.entry(own)?.shape)
    }
  }

  @Test func configurationsOfOthersAreNotMeant() throws {
    func isMeant(_ text: String) throws -> Bool {
      try BitsAndBytes.isMeant(by: JSON.parse(text).root("config"))
    }
    #expect(try isMeant(#"{"quant_method": "bitsandbytes", "load_in_4bit": true}"#))
    #expect(try isMeant(#"{"load_in_4bit": true}"#))
    #expect(try !isMeant(#"{"quant_method": "bitsandbytes", "load_in_8bit": true}"#))
    #expect(try !isMeant(#"{"quant_method": "gptq", "load_in_4bit": true}"#))
    #expect(throws: SVFTError.self) { try isMeant(#"{"load_in_4bit": 1}"#) }
  }

  /// A part that is missing or of another size is an error that names it.
  @Test(arguments: [
    "", ".absmax", ".quant_map", ".nested_absmax", ".nested_quant_map",
  ])
  func partsMustBeThere(_ end: String) throws {
    let folder = try TemporaryFolder()
    let plain = try Safetensors(Self.path)
    let name = "model.layers.0.self_attn.q_proj.weight" + end
    for isShort in [false, true] {
      var tensors: [OutgoingTensor] = []
      for other in plain.names {
        if other != name {
          tensors.append(try OutgoingTensor(copying: other, from: plain))
        } else if isShort {
          let entry = try plain.require(other)
          let shape = [(entry.shape.first ?? 1) - 1] + entry.shape.dropFirst()
          let bytes = try Buffer(byteCount: entry.type.byteCount(shape))
          tensors.append(OutgoingTensor(other, shape, entry.type, bytes: bytes))
        }
      }
      try SafetensorsWriter.write(folder.file("f"), tensors)
      let failure = #expect(throws: SVFTError.self) {
        try BitsAndBytes(Safetensors(folder.file("f")))
      }
      #expect(failure?.message.contains(name) == true)
      #expect(failure?.kind == .format || failure?.kind == .shape)
    }
  }
}
