// Vectors of texts as sentence-transformers makes them: the folder's prompt before each, lower case
// where it says so, cut where it says so; pooled as it says, through its dense layers; and the same
// from what was saved.
import SVFT
import SVFTFormats
import SVFTModels
import SVFTTensor
import TestKit
import Testing

@Suite struct EmbeddingTests {
  private static let list =
    #"[{"path": "", "type": "a.Transformer"}, {"path": "1_Pooling", "type": "a.Pooling"}]"#

  /// An encoder with these files beside it; one that averages unless they say otherwise.
  private static func tiny(_ files: [String: String], isCased: Bool = false) throws -> TinyVerbs {
    var tokenizer = try JSON.parse(TinyVerbs.fixture("words")).root("tokenizer.json")
    if isCased {
      tokenizer["normalizer"] = .object(
        JSON.Object([("type", "BertNormalizer"), ("lowercase", false)]))
    }
    let tiny = try TinyVerbs(
      .bert(.init { $0.vocabulary = 83 }), tokenizer: JSON.object(tokenizer).text(.compact))
    let usual = ["modules.json": list, "1_Pooling/config.json": "{}"]
    for (name, text) in files.merging(usual, uniquingKeysWith: { own, _ in own }) {
      let path = tiny.folder.file("model/" + name)
      try FileSystem.makeFolder(#require(FileSystem.parent(path)))
      try tiny.folder.write("model/" + name, text)
    }
    return tiny
  }

  private static let prompts = [
    "config_sentence_transformers.json":
      #"{"prompts": {"query": "the lamp: ", "other": "sea "}, "default_prompt_name": "query"}"#
  ]

  @Test(arguments: ["{}", #"{"pooling_mode_cls_token": true, "include_prompt": true}"#])
  func theDefaultPromptStandsBeforeEveryText(_ pooling: String) throws {
    let settings = ["1_Pooling/config.json": pooling]
    let plain = try Self.tiny(settings).model()
    let tiny = try Self.tiny(settings.merging(Self.prompts) { own, _ in own })
    let model = try tiny.model()
    let expected = try plain.embed(["the lamp: old keeper", "the lamp: "])
    #expect(try model.embed(["old keeper", ""]) == expected)
    #expect(try plain.embed(["old keeper", ""]) != expected)
    // Nothing but vectors has it, and a saved folder has it too.
    #expect(try model.tokenize("old keeper") == plain.tokenize("old keeper"))
    _ = try model.save(to: tiny.folder.file("out"))
    #expect(try Model(path: tiny.folder.file("out")).embed(["old keeper", ""]) == expected)
  }

  @Test func textsAreInLowerCaseWhereTheFolderSaysSo() throws {
    let settings = ["sentence_bert_config.json": #"{"do_lower_case": true}"#]
    let plain = try Self.tiny([:], isCased: true).model()
    let model = try Self.tiny(settings, isCased: true).model()
    let expected = try plain.embed(["the old keeper"])
    #expect(try model.embed(["The OLD Keeper"]) == expected)
    #expect(try plain.embed(["The OLD Keeper"]) != expected)
  }

  @Test(
    arguments: [
      ["sentence_xlm-roberta_config.json": #"{"max_seq_length": 5}"#],
      ["tokenizer_config.json": #"{"model_max_length": 5}"#],
    ])
  func textsAreCutWhereTheFolderSaysSo(_ files: [String: String]) throws {
    let plain = try Self.tiny([:]).model()
    let model = try Self.tiny(files).model()
    let expected = try plain.embed(["the old lamp"])
    #expect(try model.embed(["the old lamp was lit"]) == expected)
    #expect(try plain.embed(["the old lamp was lit"]) != expected)
    // Without modules it is no folder of sentence-transformers, and nobody's wish.
    let other = try TinyVerbs(encoder: true)
    for (name, text) in files { try other.folder.write("model/" + name, text) }
    let usual = try TinyVerbs(encoder: true).model()
    #expect(
      try other.model().embed(["the old lamp was lit"]) == usual.embed(["the old lamp was lit"]))
  }

  @Test func whatGGUFCannotSayOfEmbeddingIsReported() throws {
    let files = ["sentence_bert_config.json": #"{"max_seq_length": 20, "do_lower_case": true}"#]
    let tiny = try Self.tiny(files.merging(Self.prompts) { own, _ in own })
    let model = try tiny.model()
    let report = try JSON.parse(model.save(to: tiny.folder.file("a.gguf"))).root("report")
    let lost = try report.strings("lost")
    for words in ["length", "the lamp: ", "lower case", "20 tokens"] {
      #expect(lost.contains { $0.contains(words) }, "\(words): \(lost)")
    }
    let folder = try JSON.parse(model.save(to: tiny.folder.file("out"))).root("report")
    #expect(!folder.has("lost"))
  }

  private static let texts = ["the old keeper", "the lamp was lit and the sea was still", "sea"]

  @Test func whatSeveralPoolingsGiveStandsSideBySide() throws {
    let words = ["cls", "max", "mean", "mean_sqrt_len_tokens", "weightedmean", "lasttoken"]
    var expected = Self.texts.map { _ in [Float]() }
    for word in words {
      let one = try Self.tiny(["1_Pooling/config.json": #"{"pooling_mode": "\#(word)"}"#]).model()
      let vectors = try one.embed(Self.texts)
      // No way of pooling is another, but for a text of a single token.
      #expect(expected[0].suffix(32) != vectors[0][...])
      for (index, vector) in vectors.enumerated() { expected[index] += vector }
    }
    let list = words.map { "\"\($0)\"" }.joined(separator: ", ")
    let tiny = try Self.tiny(["1_Pooling/config.json": #"{"pooling_mode": [\#(list)]}"#])
    let model = try tiny.model()
    #expect(model.embeddingWidth == 6 * model.hiddenWidth)
    #expect(try JSON.parse(model.describe()).root("report").int("embedding_size") == 192)
    #expect(try model.embed(Self.texts) == expected)
    let folder = try JSON.parse(model.save(to: tiny.folder.file("out"))).root("report")
    #expect(try folder.object("drift").double("max") == 0)
    #expect(try Model(path: tiny.folder.file("out")).embed(Self.texts) == expected)
    let report = try JSON.parse(model.save(to: tiny.folder.file("a.gguf"))).root("report")
    #expect(try report.strings("lost").contains { $0.contains("pooling by cls and max") })
    // Its vectors are of another width: there is nothing to compare.
    #expect(!report.has("drift"))
    #expect(try Model(path: tiny.folder.file("a.gguf")).embed(Self.texts)[0].count == 32)
  }

  /// A dense layer of 32 to 2 numbers: W[r][c] = ((7 r + c) mod 5 − 2) / 8, b = (0.5, −0.25).
  private static func weight(_ row: Int, _ column: Int) -> Float {
    Float((7 * row + column) % 5 - 2) / 8
  }

  private static func dense(_ tiny: TinyVerbs, type: String) throws {
    let list = Self.list.dropLast() + #", {"path": "2_Dense", "type": "a.Dense"}]"#
    try tiny.folder.write("model/modules.json", String(list))
    try FileSystem.makeFolder(tiny.folder.file("model/2_Dense"))
    try tiny.folder.write(
      "model/2_Dense/config.json",
      #"{"in_features": 32, "out_features": 2, "activation_function": "torch.nn.\#(type)"}"#)
    func tensor(_ name: String, _ shape: [Int], _ numbers: [Float]) throws -> OutgoingTensor {
      let bytes = try Buffer(of: Float.self, count: numbers.count)
      for (index, number) in numbers.enumerated() { bytes.values(Float.self)[index] = number }
      return OutgoingTensor(name, shape, try StoredType.named("F32"), bytes: bytes)
    }
    let numbers = (0..<2).flatMap { row in (0..<32).map { weight(row, $0) } }
    try SafetensorsWriter.write(
      tiny.folder.file("model/2_Dense/model.safetensors"),
      [tensor("linear.weight", [2, 32], numbers), tensor("linear.bias", [2], [0.5, -0.25])],
      metadata: [])
  }

  @Test(arguments: ["Identity", "ReLU"])
  func vectorsGoThroughDenseLayers(_ type: String) throws {
    let plain = try Self.tiny([:]).model()
    let tiny = try Self.tiny([:])
    try Self.dense(tiny, type: type)
    let model = try tiny.model()
    #expect(model.embeddingWidth == 2)
    let found = try model.embed(Self.texts)
    for (vector, pooled) in zip(found, try plain.embed(Self.texts)) {
      let expected = [Float(0.5), -0.25].enumerated().map { row, bias in
        let sum = pooled.indices.reduce(bias) { $0 + Self.weight(row, $1) * pooled[$1] }
        return type == "ReLU" ? max(0, sum) : sum
      }
      #expect(zip(vector, expected).allSatisfy { abs($0 - $1) < 1e-5 }, "\(vector) \(expected)")
    }
    // With a limit, what loading takes is gone through beforehand.
    var options = ModelOptions()
    options.memoryLimit = 1 << 30
    #expect(try Model(path: tiny.folder.file("model"), options: options).embed(Self.texts) == found)
    let folder = try JSON.parse(model.save(to: tiny.folder.file("out"))).root("report")
    #expect(!folder.has("lost"))
    #expect(try folder.object("drift").double("max") == 0)
    #expect(try Model(path: tiny.folder.file("out")).embed(Self.texts) == found)
    let report = try JSON.parse(model.save(to: tiny.folder.file("a.gguf"))).root("report")
    #expect(try report.strings("lost").contains { $0.contains("dense layer from 32 to 2") })
    #expect(!report.has("drift"))
  }
}
