// Vectors of texts as sentence-transformers makes them: the folder's prompt before each, lower case
// where it says so, cut where it says so; and the same from what was saved.
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
}
