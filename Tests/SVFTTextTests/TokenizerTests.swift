// The real vocabularies against the ids that their makers' own tokenizers give, from
// tokenizer.json and through GGUF's terms; and what holds for every kind of tokenizer.
import Foundation
import SVFTFormats
import SVFTTensor
import SVFTText
import TestKit
import Testing

/// A tokenizer.json of the shared data and the set of test strings of the same vocabulary.
struct RealVocabulary: Sendable, CustomTestStringConvertible {
  let folder: String
  let strings: String

  static let all = [
    RealVocabulary(folder: "gpt2-tokenizer", strings: "gpt-2"),
    RealVocabulary(folder: "llama2-tokenizer", strings: "llama-spm"),
    RealVocabulary(folder: "llama3-tokenizer", strings: "llama-bpe"),
    RealVocabulary(folder: "all-MiniLM-L6-v2", strings: "bert-bge"),
  ]

  var testDescription: String { folder }

  func tokenizer() throws -> Tokenizer { try Tokenizer(folder: SharedData.path(folder)) }

  /// The texts of the set, each with its ids.
  func cases() throws -> [(text: String, ids: [Int32])] {
    let path = SharedData.path("ggml-vocab/ggml-vocab-\(strings).gguf")
    let texts = try String(contentsOfFile: path + ".inp", encoding: .utf8)
      .components(separatedBy: "\n__ggml_vocab_test__\n")
    let ids = try String(contentsOfFile: path + ".out", encoding: .utf8)
      .components(separatedBy: "\n").map { $0.split(separator: " ").compactMap { Int32($0) } }
    return Array(zip(texts, ids))
  }
}

@Suite(.enabled(if: SharedData.isPresent, "needs ../shared/data"))
struct TokenizerTests {
  @Test(arguments: RealVocabulary.all)
  func everyStringOfTheSetGivesItsIDs(_ real: RealVocabulary) throws {
    let tokenizer = try real.tokenizer()
    let cases = try real.cases()
    #expect(cases.count == 47)
    for (text, ids) in cases {
      #expect(try tokenizer.encode(text, addSpecial: false) == ids, "\(text.debugDescription)")
    }
  }

  @Test(arguments: RealVocabulary.all)
  func theExportedVocabularyGivesTheSameIDs(_ real: RealVocabulary) throws {
    let tokenizer = try real.tokenizer()
    let exported = try Tokenizer(vocabulary: try tokenizer.vocabulary())
    for (text, ids) in try real.cases() {
      #expect(try exported.encode(text, addSpecial: false) == ids, "\(text.debugDescription)")
      #expect(try exported.encode(text) == tokenizer.encode(text))
      #expect(try exported.decode(ids) == tokenizer.decode(ids))
    }
    #expect(exported.special.bos == tokenizer.special.bos)
  }

  @Test func whatGGUFCannotSayOfAddedTokensIsNamed() throws {
    let marked = try TinyTokenizer.bytes.tokenizer().losses()
    #expect(marked.count == 1)
    #expect(marked.first?.contains("<mark>") == true && marked.first?.contains("rstrip") == true)
    let all = try TinyTokenizer.bytes.changed(
      ["added_tokens"],
      to: [
        ["id": 371, "content": "<mark>", "lstrip": true, "single_word": true],
        ["id": 369, "content": "<s>", "special": true],
        ["id": 370, "content": "</s>", "special": true],
      ])
    let losses = try Tokenizer(json: all).losses()
    #expect(losses.count == 1)
    #expect(losses.first?.contains("lstrip") == true)
    #expect(losses.first?.contains("single_word") == true)
    #expect(losses.first?.contains("rstrip") == false)
  }

  @Test func theStoriesPromptGivesItsGoldenIDs() throws {
    let golden = try JSON.read(SharedData.path("stories260K/golden/golden.json")).root("golden")
    let tokenizer = try Tokenizer(folder: SharedData.path("stories260K/hf"))
    let prompt = try golden.ints("prompt_ids")
    let whole = prompt + (try golden.ints("continuation_ids"))
    #expect(try tokenizer.encode(golden.string("prompt")).map(Int.init) == prompt)
    let text = try tokenizer.decode(whole.map { Int32($0) })
    #expect(text.hasPrefix(try golden.string("text")))
  }

  @Test func theMiniLMSentencesGiveTheirGoldenIDs() throws {
    let path = SharedData.path("all-MiniLM-L6-v2/golden/golden.json")
    let golden = try JSON.read(path).root("golden")
    let tokenizer = try Tokenizer(folder: SharedData.path("all-MiniLM-L6-v2"))
    for (text, ids) in zip(try golden.strings("sentences"), try golden.array("ids")) {
      let expected = try ids.array("ids").map { try $0.int("id") }
      #expect(try tokenizer.encode(text).map(Int.init) == expected)
    }
    let pair = try tokenizer.encodePair("a b", "c")
    #expect(pair.ids == [101, 1037, 1038, 102, 1039, 102])
    #expect(pair.segments == [0, 0, 0, 0, 1, 1])
  }
}
