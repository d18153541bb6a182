// What a loaded model and its adapters say of themselves agrees with what they are.
import SVFT
import SVFTFormats
import TestKit
import Testing

@Suite struct ModelDescriptionTests {
  @Test func countsAndSizesAreThoseOfTheTensors() throws {
    let tiny = try TinyVerbs()
    let model = try tiny.model()
    let report = try JSON.parse(model.describe()).root("report")
    let written = TinyModel.llama(.init { $0.vocabulary = 372 })
    let numbers = written.tensors.reduce(0) { $0 + $1.values.count }
    #expect(try report.int("parameters") == numbers)
    #expect(try report.int("bytes") == 4 * numbers)
    #expect(try report.string("family") == "llama")
    #expect(try report.int("layers") == 2)
    #expect(try report.int("hidden_size") == model.hiddenWidth)
    #expect(try report.int("embedding_size") == model.embeddingWidth)
    #expect(try report.int("vocabulary_size") == model.vocabularySize)
    #expect(try report.int("context_length") == model.contextLength)
    #expect(try report.bool("generates", default: false))
    #expect(try report.object("formats").int("F32") == written.tensors.count)
    #expect(try report.strings("modules").count == 15)
    #expect(try report.objects("adapters").isEmpty)
    #expect(!report.has("classes") && !report.has("unused_tensors"))
  }

  @Test func adaptersAndClassesAreListed() throws {
    let tiny = try TinyVerbs(encoder: true)
    let model = try tiny.model()
    let adapter = try model.createAdapter(
      #"{"method":"lora","r":2,"targets":["query"]}"#)
    try trainBriefly(adapter, try tiny.labelled(), steps: 1)
    let report = try JSON.parse(model.describe()).root("report")
    #expect(try report.strings("classes") == ["cat", "dog"])
    let listed = try #require(try report.objects("adapters").first)
    let own = try JSON.parse(adapter.describe()).root("adapter")
    #expect(try JSON.object(listed).text(.compact) == JSON.object(own).text(.compact))
    #expect(try own.string("method") == "lora")
    #expect(try own.double("scale") == 1)
    // Two query projections of 32 × 32 at rank 2, the pooler and the classifier of two classes.
    #expect(try own.int("trainable") == 2 * 2 * 64 + 32 * 32 + 32 + 2 * 32 + 2)
    let parts = try own.object("parameters").members.map { try $0.1.int("count") }
    #expect(parts.reduce(0, +) == (try own.int("trainable")))
  }

  @Test func tensorsThatNobodyUsesAreNamed() throws {
    let tiny = try TinyVerbs()
    var model = TinyModel.llama(.init { $0.vocabulary = 372 })
    model.tensors.append(.init(name: "model.strange.weight", shape: [2], values: [1, 2]))
    try model.write(folder: tiny.folder.file("model"))
    let report = try JSON.parse(tiny.model().describe()).root("report")
    #expect(try report.strings("unused_tensors") == ["model.strange.weight"])
  }
}
