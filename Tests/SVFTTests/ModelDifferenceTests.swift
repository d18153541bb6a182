// Two models of one architecture: what differs is found, whatever containers and formats they are
// in, and what is no target is named with its size.
import SVFT
import SVFTFormats
import SVFTTensor
import TestKit
import Testing

@Suite struct ModelDifferenceTests {
  private static let ids: [Int32] = [1, 20, 30, 40, 50]

  /// Two models, the other with changed tensors.
  private func pair(
    _ changes: [String], untied: Bool = false
  ) throws -> (tiny: TinyVerbs, other: String) {
    let tiny = try TinyVerbs()
    var model = TinyModel.llama(.init { $0.vocabulary = 372 }, tied: !untied)
    if untied { try model.write(folder: tiny.folder.file("model")) }
    for name in changes {
      guard let place = model.position(name) else { continue }
      for index in model.tensors[place].values.indices {
        model.tensors[place].values[index] += index % 3 == 0 ? 0.5 : -0.25
      }
    }
    let other = tiny.folder.file("other")
    try model.write(folder: other)
    let tokenizer = try FileSystem.read(tiny.folder.file("model/tokenizer.json")).array
    try tiny.folder.write("other/tokenizer.json", String(decoding: tokenizer, as: UTF8.self))
    return (tiny, other)
  }

  @Test func whatIsNoTargetIsNamedWithItsSize() throws {
    let names = [
      "model.embed_tokens.weight", "model.layers.0.self_attn.q_proj.weight", "model.norm.weight",
    ]
    let (tiny, other) = try pair(names)
    let (_, text) = try tiny.model().importAdapter(
      from: other, options: "{\(ModelImportTests.full)}")
    let report = try JSON.parse(text).root("report")
    #expect(try report.object("modules").keys == [names[1]])
    #expect(try report.double("captured") > 1 - 1e-5)
    let others = try report.object("others")
    #expect(others.keys.sorted() == [names[0], names[2]])
    // 11 elements of 0.5 and 21 of −0.25.
    let norm = try others.object(names[2]).double("norm")
    #expect(abs(norm - (11 * 0.25 + 21 * 0.0625).squareRoot()) < 1e-6)
    #expect(try others.object(names[2]).double("relative") < norm)
  }

  @Test func fullTakesEverythingAndIsTheOtherModel() throws {
    let names = [
      "model.embed_tokens.weight", "model.layers.1.mlp.down_proj.weight",
      "model.layers.0.input_layernorm.weight",
    ]
    let (tiny, other) = try pair(names)
    let model = try tiny.model()
    let (_, text) = try model.importAdapter(from: other, options: #"{"method":"full"}"#)
    let report = try JSON.parse(text).root("report")
    #expect(try report.object("modules").count == 3 && report.object("others").count == 0)
    let expected = try Model(path: other).logits(Self.ids)
    #expect(relativeDistance(expected, try model.logits(Self.ids)) < 1e-5)
  }

  @Test func headsAreMeantWhereTheyAreNamed() throws {
    let names = ["lm_head.weight", "model.layers.0.self_attn.q_proj.weight"]
    let (tiny, other) = try pair(names, untied: true)
    for (options, count) in [("{}", 1), (#"{"targets":"all"}"#, 2)] {
      let (adapter, text) = try tiny.model().importAdapter(from: other, options: options)
      let report = try JSON.parse(text).root("report")
      #expect(try report.object("modules").count == count)
      #expect(try report.object("others").count == 2 - count)
      try adapter.detach()
    }
  }

  @Test func twoQuantisedModelsDifferToo() throws {
    let (tiny, other) = try pair(["model.layers.0.mlp.up_proj.weight"])
    _ = try tiny.model().save(to: tiny.folder.file("base.gguf"), format: "q8_0")
    _ = try Model(path: other).save(to: tiny.folder.file("other.gguf"), format: "q8_0")
    let model = try Model(path: tiny.folder.file("base.gguf"))
    let (_, text) = try model.importAdapter(
      from: tiny.folder.file("other.gguf"), options: #"{"method":"lora","r":32}"#)
    let report = try JSON.parse(text).root("report")
    #expect(
      try report.object("modules").keys == ["model.layers.0.mlp.up_proj.weight"]
        && report.object("others").count == 0)
    #expect(try report.double("captured") > 1 - 1e-5)
  }

  @Test func modelsThatDoNotFitAreRefused() throws {
    let (tiny, other) = try pair([])
    let model = try tiny.model()
    let failure = #expect(throws: SVFTError.self) { try model.importAdapter(from: other) }
    #expect(failure?.kind == .mismatch && failure?.message.contains("no change") == true)
    for (name, made, kind) in [
      ("bert", TinyModel.bert(.init { $0.vocabulary = 83 }, dropout: 0), SVFTError.Kind.mismatch),
      (
        "wide",
        TinyModel.llama(
          .init {
            $0.vocabulary = 372
            $0.feedForward = 96
          }), .shape
      ),
      (
        "short",
        TinyModel.llama(
          .init {
            $0.vocabulary = 372
            $0.layers = 1
          }), .mismatch
      ),
    ] {
      try made.write(folder: tiny.folder.file(name))
      let failure = #expect(throws: SVFTError.self) {
        try model.importAdapter(from: tiny.folder.file(name))
      }
      #expect(failure?.kind == kind, "\(failure?.message ?? "")")
      #expect(failure?.message.contains(name) == true)
    }
    // What only the other has is told.
    let longer = TinyModel.llama(
      .init {
        $0.vocabulary = 372
        $0.layers = 3
        $0.seed = 2
      })
    try longer.write(folder: tiny.folder.file("longer"))
    let (_, text) = try model.importAdapter(
      from: tiny.folder.file("longer"), options: #"{"method":"lora"}"#)
    let strangers = try JSON.parse(text).root("report").strings("only_there")
    #expect(strangers.count == 9 && strangers.allSatisfy { $0.contains("layers.2.") })
  }
}
