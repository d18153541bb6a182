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

  @Test("A GGUF file counts positions from the first token's row, and leaves out those before")
  func metadata() throws {
    let variant = try FamilyVariant("roberta-one", kind: "encoders") { $0["hidden_act"] = "gelu" }
    let said = try variant.metadata()
    #expect(said["general.architecture"]?.contains("bert") == true)
    #expect(said["bert.context_length"]?.contains("27") == true)
    let architecture = try variant.load().architecture
    let table = "roberta.embeddings.position_embeddings.weight"
    #expect(architecture.ggufLayout(table).skippedRows == 37)
    #expect(architecture.ggufLayout("roberta.embeddings.word_embeddings.weight").skippedRows == 0)
  }

  @Test(
    "GGUF files that say BERT are RoBERTa's where their tokenizer is",
    arguments: ["gpt2", "t5", "bert"])
  func recognised(_ tokenizer: String) throws {
    let hyper = Hyperparameters(
      JSON.Object([
        ("general.architecture", "bert"), ("tokenizer.ggml.model", .string(tokenizer)),
      ]), dialect: .gguf(architecture: "bert"), file: "a.gguf")
    let family = try Architectures.named("bert", in: "a.gguf", of: hyper)
    #expect(family.tensorNames.prefix == (tokenizer == "bert" ? "bert." : "roberta."))
  }

  @Test("Its kin are read under their own names", arguments: ["xlm-roberta", "camembert"])
  func kin(_ name: String) throws {
    let model = try FamilyVariant("roberta", kind: "encoders") { $0["model_type"] = .string(name) }
      .load()
    #expect(model.unused == [] && model.architecture.geometry.contextLength == 19)
    #expect(try model.config()["model_type"] == .string(name))
  }
}
