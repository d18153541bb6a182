// DeBERTa where fixtures of one text do not reach: packed batches, the class head's settings, other
// containers. Layers, classes and gradients against transformers are in TransformerEncoderTests.
import Foundation
import SVFTFormats
import SVFTLayers
import SVFTModels
import SVFTTensor
import TestKit
import Testing

@Suite("DisentangledEncoder")
struct DisentangledEncoderTests {
  static let fixtures = FamilyFixture.encoders.filter { $0.name.hasPrefix("deberta") }

  @Test("A text in a batch is what it is alone, however long the others are", arguments: fixtures)
  func batches(_ fixture: FamilyFixture) throws {
    let model = try Checkpoint(fixture.folder).load()
    let texts: [[Int32]] = [[5, 6, 7], [1, 2, 3, 4, 8, 9, 10, 11, 12, 13, 14, 15, 16], [30]]
    let together = try ModelProbe(model, .none, rows: 20, threads: 2)(texts)
    var row = 0
    for text in texts {
      let alone = try ModelProbe(model, .none, rows: 20)([text])
      #expect(distance(alone.joined(), together[row..<row + text.count].joined()) < 1e-4)
      row += text.count
    }
  }

  @Test("Modules that positions have for themselves are adapted, those of tables are not")
  func modules() throws {
    let own = try FamilyVariant("deberta-own", kind: "encoders").load()
    let names = own.projections.map(\.name)
    for end in ["embed_proj", "layer.1.attention.self.pos_key_proj", "0.attention.self.query_proj"]
    {
      #expect(names.contains { $0.hasSuffix(end) })
    }
    let shared = try FamilyVariant("deberta-conv", kind: "encoders").load()
    #expect(!shared.projections.contains { $0.name.contains("pos_") || $0.name.contains("conv") })
    #expect(shared.slots.contains { $0.name == "deberta.encoder.conv.conv.weight" })
  }

  @Test("What a table of positions that is not added was saved as is no surprise")
  func ignored() throws {
    let plain = try FamilyVariant("deberta-one", kind: "encoders") {
      $0["position_biased_input"] = false
    }
    #expect(try plain.load().unused == [])
  }

  @Test("GGUF files have no place for the family")
  func metadata() throws {
    let failure = #expect(throws: SVFTError.self) {
      try FamilyVariant("deberta", kind: "encoders").metadata()
    }
    #expect(failure?.kind == .unsupported && failure?.message.contains("DeBERTa") == true)
  }

  @Test("A fresh head has DeBERTa's modules and its own activation")
  func head() throws {
    let head = try #require(try FamilyVariant("deberta", kind: "encoders").load().classHead)
    #expect(head.projections.map(\.name) == ["pooler.dense", "classifier"])
  }
}
