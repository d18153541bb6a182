// A vocabulary written as tokenizer.json gives the ids that it gave as a vocabulary.
import Foundation
import SVFTFormats
import SVFTTensor
import SVFTText
import TestKit
import Testing

@Suite struct TokenizerVocabularyFilesTests {
  static let texts = [
    "", "Once upon a time", "  two  blanks ", "naïve café — 42!", "tab\tand\nline", "don't, can't",
    "日本語 and emoji 🙂", "ABC123 xyz",
  ]

  /// The tokenizer of a vocabulary's files.
  static func rewritten(_ vocabulary: TokenizerVocabulary) throws -> Tokenizer {
    let files = try vocabulary.files()
    // Through text, as a folder would hold it.
    let parsed = try files.map { try JSON.parse($0.json.text(.compact)) }
    return try Tokenizer(json: parsed[0], configuration: parsed[1])
  }

  @Test(arguments: TinyTokenizer.allCases) func theFilesGiveTheIdsOfTheVocabulary(
    _ kind: TinyTokenizer
  ) throws {
    let vocabulary = try kind.tokenizer().vocabulary()
    let one = try Tokenizer(vocabulary: vocabulary)
    let other = try Self.rewritten(vocabulary)
    #expect(other.special == one.special)
    for text in Self.texts {
      #expect(try other.encode(text) == one.encode(text), "\(text)")
      let ids = try one.encode(text)
      #expect(
        try other.decode(ids, skipSpecial: true) == one.decode(ids, skipSpecial: true), "\(text)")
      #expect(try other.encodePair(text, "b").ids == one.encodePair(text, "b").ids)
    }
  }

  @Test(
    .enabled(if: SharedData.isPresent),
    arguments: [
      "ggml-vocab/ggml-vocab-gpt-2.gguf", "ggml-vocab/ggml-vocab-llama-spm.gguf",
      "ggml-vocab/ggml-vocab-bert-bge.gguf",
    ])
  func realVocabulariesSurviveTheWay(_ file: String) throws {
    let one = try Tokenizer(gguf: GGUF(SharedData.path(file)))
    let other = try Self.rewritten(one.vocabulary())
    let cases = try String(contentsOfFile: SharedData.path(file) + ".inp", encoding: .utf8)
      .components(separatedBy: "\n__ggml_vocab_test__\n")
    for text in cases + Self.texts {
      #expect(try other.encode(text) == one.encode(text), "\(text)")
    }
  }

  @Test func aBlankBeforeTheBeginningAloneIsWritten() throws {
    var vocabulary = try TinyTokenizer.pieces.tokenizer().vocabulary()
    let everywhere = try Tokenizer(vocabulary: vocabulary)
    vocabulary.prefixesBeginning = true
    let one = try Tokenizer(vocabulary: vocabulary)
    let other = try Self.rewritten(vocabulary)
    for text in ["the lamp", "the<mark>the", "the<mark> the", "<mark>the", ""] {
      #expect(try other.encode(text) == one.encode(text), "\(text)")
    }
    #expect(try one.encode("the<mark>the") != everywhere.encode("the<mark>the"))
    #expect(try one.encode("the lamp") == everywhere.encode("the lamp"))
  }

  @Test func anUnknownSplitPatternIsNamed() {
    var vocabulary = TokenizerVocabulary(
      kind: .gpt2, tokens: [Array("a".utf8)], types: [.normal])
    vocabulary.pre = "no-such-split"
    #expect(throws: SVFTError.self) { try vocabulary.files() }
  }
}
