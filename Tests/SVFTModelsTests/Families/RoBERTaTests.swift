// RoBERTa: positions behind the id that pads, a head of its own.
import SVFTFormats
import SVFTLayers
import SVFTModels
import SVFTTensor
import TestKit
import Testing

@Suite("RoBERTa")
struct RoBERTaTests {
  @Test("The longest text leaves out the rows before the first token's")
  func positions() throws {
    let model = try FamilyVariant("roberta", kind: "encoders").load()
    #expect(model.architecture.geometry.contextLength == 19)
    let later = try FamilyVariant("roberta-one", kind: "encoders").load()
    #expect(later.architecture.geometry.contextLength == 27)
  }

  @Test("A fresh head has RoBERTa's modules")
  func head() throws {
    let variant = try FamilyVariant("roberta", kind: "encoders") {
      $0["architectures"] = ["RobertaModel"]
    }
    let head = try #require(try variant.load().classHead)
    #expect(head.projections.map(\.name) == ["classifier.dense", "classifier.out_proj"])
  }

  @Test("A GGUF file has no place for where positions begin")
  func metadata() {
    #expect { try FamilyVariant("roberta", kind: "encoders").metadata() } throws: {
      ($0 as? SVFTError)?.kind == .unsupported
    }
  }
}
