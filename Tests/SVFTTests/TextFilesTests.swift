// A saved folder has everything around the weights that the first one had, or can be made from a
// GGUF file.
import Foundation
import SVFT
import SVFTFormats
import SVFTTensor
import TestKit
import Testing

@Suite struct TextFilesTests {
  private static let texts = [
    "the cat sat on 17 mats", "  two  spaces\n\nand lines ", "café 😀 e\u{301}", "a<s>b</s>", "",
  ]

  @Test func filesOfAFolderAreTakenAlongUnchanged() throws {
    let tiny = try TinyVerbs(encoder: true)
    let files = [
      "tokenizer_config.json": "{\"model_max_length\": 60}", "vocab.txt": "[PAD]\n",
      "special_tokens_map.json": "{}", "sentence_bert_config.json": "{\"max_seq_length\": 20}",
      "modules.json": "[{\"idx\":1,\"type\":\"x.Pooling\",\"path\":\"1_Pooling\"}]",
      "1_Pooling/config.json": "{\"pooling_mode_cls_token\": true}",
    ]
    try FileSystem.makeFolder(tiny.folder.file("model/1_Pooling"))
    for (name, text) in files { try tiny.folder.write("model/" + name, text) }
    try tiny.folder.write("model/notes.txt", "not part of a model")
    let model = try tiny.model()
    _ = try model.save(to: tiny.folder.file("out"))
    for (name, text) in files {
      let copy = try String(contentsOfFile: tiny.folder.file("out/" + name), encoding: .utf8)
      #expect(copy == text, "\(name)")
    }
    #expect(try FileSystem.kind(tiny.folder.file("out/notes.txt")) == nil)
    let long = Array(repeating: "cat", count: 40).joined(separator: " ")
    #expect(
      try Model(path: tiny.folder.file("out")).embed([long, "the cat"])
        == model.embed([long, "the cat"]))
  }

  @Test(arguments: [false, true])
  func aTokenizerGoesThroughGGUFAndBack(_ encoder: Bool) throws {
    let tiny = try TinyVerbs(encoder: encoder)
    let model = try tiny.model()
    _ = try model.save(to: tiny.folder.file("a.gguf"))
    let file = try Model(path: tiny.folder.file("a.gguf"))
    _ = try file.save(to: tiny.folder.file("back"))
    let back = try Model(path: tiny.folder.file("back"))
    for text in Self.texts {
      let ids = try model.tokenize(text)
      #expect(try file.tokenize(text) == ids, "\(text)")
      #expect(try back.tokenize(text) == ids, "\(text)")
      #expect(try back.detokenize(ids) == model.detokenize(ids), "\(text)")
    }
  }

  @Test(arguments: [("my_Pooling", "my_Pooling"), ("./sub/1_Pooling/", "sub/1_Pooling")])
  func modulesAreTakenAlongFromWhereTheyLie(_ path: String, _ name: String) throws {
    let tiny = try TinyVerbs(encoder: true)
    try FileSystem.makeFolder(tiny.folder.file("model/" + name))
    try tiny.folder.write(
      "model/modules.json",
      #"[{"path": "", "type": "x.Transformer"}, {"path": "\#(path)", "type": "x.Pooling"}]"#)
    let settings = #"{"pooling_mode_cls_token": true}"#
    try tiny.folder.write("model/\(name)/config.json", settings)
    try tiny.folder.write("model/sentence_albert_config.json", #"{"max_seq_length": 5}"#)
    let model = try tiny.model()
    _ = try model.save(to: tiny.folder.file("out"))
    let copy = try String(
      contentsOfFile: tiny.folder.file("out/\(name)/config.json"), encoding: .utf8)
    #expect(copy == settings)
    let texts = ["the old keeper was in the lighthouse"]
    #expect(try Model(path: tiny.folder.file("out")).embed(texts) == model.embed(texts))
  }

  @Test(arguments: ["cls_token", "mean_tokens", "lasttoken"])
  func poolingGoesThroughGGUFAndBack(_ mode: String) throws {
    let tiny = try TinyVerbs(encoder: true)
    try FileSystem.makeFolder(tiny.folder.file("model/1_Pooling"))
    try tiny.folder.write(
      "model/modules.json",
      #"[{"path": "1_Pooling", "type": "x.Pooling"}, {"path": "2", "type": "x.Normalize"}]"#)
    try tiny.folder.write("model/1_Pooling/config.json", #"{"pooling_mode_\#(mode)": true}"#)
    let model = try tiny.model()
    _ = try model.save(to: tiny.folder.file("a.gguf"), format: "f32")
    let file = try Model(path: tiny.folder.file("a.gguf"))
    _ = try file.save(to: tiny.folder.file("back"))
    let texts = ["the old keeper", "was lit"]
    #expect(try Model(path: tiny.folder.file("back")).embed(texts) == file.embed(texts))
    let settings = tiny.folder.file("back/1_Pooling/config.json")
    let pooling = try JSON.read(settings).root(settings)
    for name in ["cls_token", "mean_tokens", "lasttoken"] {
      #expect(try pooling.bool("pooling_mode_" + name) == (name == mode))
    }
    #expect(try JSON.read(tiny.folder.file("back/modules.json")).array("list").count == 3)
  }

  @Test func aDecoderFromGGUFIsNoFolderOfVectors() throws {
    let tiny = try TinyVerbs()
    _ = try tiny.model().save(to: tiny.folder.file("a.gguf"))
    _ = try Model(path: tiny.folder.file("a.gguf")).save(to: tiny.folder.file("back"))
    #expect(try FileSystem.kind(tiny.folder.file("back/modules.json")) == nil)
  }

  @Test(
    "A trained model's text is the same after a way through both containers",
    .enabled(if: SharedData.isPresent, "needs shared data"))
  func stories() throws {
    let folder = try TemporaryFolder()
    let model = try TrainedStories.model("gguf/stories260K-f32.gguf")
    _ = try model.save(to: folder.file("hf"))
    var options = GenerationOptions()
    (options.temperature, options.maxTokens) = (0, 40)
    var exact = ModelOptions()
    exact.precision = .f32
    let again = try Model(path: folder.file("hf"), options: exact)
    let prompts = ["Once upon a time", "Tom saw “two” cafés"]
    #expect(try again.generate(prompts, options) == model.generate(prompts, options))
  }
}
