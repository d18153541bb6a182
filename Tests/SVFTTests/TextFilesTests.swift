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
