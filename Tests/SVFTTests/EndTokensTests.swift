// Which tokens end a text: from the tokenizer, config.json and generation_config.json.
import SVFT
import SVFTFormats
import SVFTTensor
import TestKit
import Testing

@Suite struct EndTokensTests {
  /// Whether generation ends at `token` when that is what the model says next.
  private func ends(_ token: Int32, _ model: Model) throws -> Bool {
    var options = GenerationOptions()
    (options.temperature, options.maxTokens, options.logitBias) = (0, 2, [token: 9000])
    let made = try model.generate(["the cat"], options)[0]
    #expect(made.tokens.first == token)
    return made.ending == .endToken && made.tokens.count == 1
  }

  @Test func everyFileThatNamesOneCounts() throws {
    let tiny = try TinyVerbs()
    var written = TinyModel.llama(.init { $0.vocabulary = 372 })
    written.config["eos_token_id"] = 7
    try written.write(folder: tiny.folder.file("model"))
    try tiny.folder.write("model/generation_config.json", "{\"eos_token_id\": [8, 9]}")
    try tiny.folder.write("model/tokenizer_config.json", "{\"eos_token\": \"</s>\"}")
    let model = try tiny.model()
    for token: Int32 in [7, 8, 9, 370] { #expect(try ends(token, model), "\(token)") }
    #expect(try !ends(10, model))
  }

  @Test func idsOfALargerParentAreLeftOut() throws {
    let tiny = try TinyVerbs()
    try tiny.folder.write("model/generation_config.json", "{\"eos_token_id\": [128009, -1, 8]}")
    let model = try tiny.model()
    #expect(try ends(8, model))
    #expect(try !ends(371, model))
  }

  @Test func theyComeThroughGGUFAndBack() throws {
    let tiny = try TinyVerbs.chatting()
    // 373 is <|im_end|>; 8 and 9 have no spelling that anybody knows.
    try tiny.folder.write("model/generation_config.json", "{\"eos_token_id\": [370, 373, 9]}")
    _ = try tiny.model().save(to: tiny.folder.file("a.gguf"), format: "f32")
    let gguf = try GGUF(tiny.folder.file("a.gguf"))
    #expect(try gguf.int("tokenizer.ggml.eot_token_id") == 373)
    #expect(try gguf.int("tokenizer.ggml.eom_token_id") == 9)
    let back = try Model(path: tiny.folder.file("a.gguf"))
    for token: Int32 in [9, 370, 373] { #expect(try ends(token, back), "\(token)") }
    #expect(try !ends(8, back))
    _ = try back.save(to: tiny.folder.file("folder"), format: "f32")
    // transformers would take the family's usual ids for what config.json leaves out.
    let config = try JSON.read(tiny.folder.file("folder/config.json")).root("config")
    #expect(config["eos_token_id"] == [9, 370, 373] && config["bos_token_id"] == 369)
    #expect(config["pad_token_id"] == .null)
    let folder = try Model(path: tiny.folder.file("folder"))
    for token: Int32 in [9, 370, 373] { #expect(try ends(token, folder), "\(token)") }
    #expect(try !ends(8, folder))
  }

  @Test(arguments: [true, false])
  func controlTokensOfACustomarySpellingEndTextsOfGGUF(_ special: Bool) throws {
    let tiny = try TinyVerbs.chatting(special: special)
    let model = try tiny.model()
    #expect(try !ends(373, model))
    _ = try model.save(to: tiny.folder.file("a.gguf"), format: "f32")
    #expect(try !GGUF(tiny.folder.file("a.gguf")).has("tokenizer.ggml.eot_token_id"))
    let back = try Model(path: tiny.folder.file("a.gguf"))
    #expect(try ends(373, back) == special && !ends(372, back))
  }

  @Test func noFileNeedsToNameOne() throws {
    let tiny = try TinyVerbs()
    try tiny.folder.write("model/generation_config.json", "{\"eos_token_id\": null}")
    let model = try tiny.model()
    // The tokenizer names its own.
    #expect(try ends(370, model))
    #expect(try !ends(8, model))
  }

  @Test(arguments: ["{\"eos_token_id\": \"</s>\"}", "{\"eos_token_id\": [1.5]}", "{", "[]"])
  func brokenFilesAreNamed(_ text: String) throws {
    let tiny = try TinyVerbs()
    try tiny.folder.write("model/generation_config.json", text)
    let failure = #expect(throws: SVFTError.self) { try tiny.model() }
    #expect(failure?.kind == (text == "{" ? .truncated : .format))
    #expect(failure?.message.contains("generation_config.json") == true)
  }
}
