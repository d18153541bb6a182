// Vocabularies in GGUF's terms: through a GGUF file and back, and broken ones.
import SVFTFormats
import SVFTTensor
import SVFTText
import TestKit
import Testing

@Suite struct TokenizerVocabularyTests {
  static func small() -> TokenizerVocabulary {
    let tokens = ["<unk>", "<s>", "</s>", "<0x41>", "a", "b", "ab"].map { Array($0.utf8) }
    var vocabulary = TokenizerVocabulary(
      kind: .llama, tokens: tokens,
      types: [.unknown, .control, .control, .byte, .normal, .normal, .normal])
    vocabulary.scores = [0, 0, 0, 0, -2, -2, -1]
    vocabulary.addsSpacePrefix = false
    return vocabulary
  }

  typealias Change = @Sendable (inout TokenizerVocabulary) -> Void

  static let contradictions: [(String, Change)] = [
    ("no tokens", { $0 = TokenizerVocabulary(kind: .llama, tokens: [], types: []) }),
    ("too few scores", { $0.scores = [0] }), ("no scores", { $0.scores = nil }),
    ("too many types", { $0.types.append(.normal) }),
    ("a token twice", { $0.tokens[5] = $0.tokens[4] }),
    ("a score that is no number", { $0.scores?[4] = .nan }),
    ("an id beyond the end", { $0.special.bos = 7 }), ("a negative id", { $0.special.eos = -1 }),
    ("a byte below 0", { $0.tokens[3] = Array("<0x-1>".utf8) }),
    ("a byte of other letters", { $0.tokens[3] = Array("<0xZZ>".utf8) }),
    ("an empty byte", { $0.tokens[3] = [] }),
    (
      "bos wanted, none there",
      {
        $0.tokens[1] = Array("x".utf8)
        $0.addsBOS = true
      }
    ),
    (
      "eos wanted, none there",
      {
        $0.tokens[2] = Array("x".utf8)
        $0.addsEOS = true
      }
    ),
  ]

  @Test(arguments: contradictions.indices) func contradictionsAreFormatErrors(_ index: Int) {
    let (name, change) = Self.contradictions[index]
    var vocabulary = Self.small()
    change(&vocabulary)
    #expect(failure { _ = try Tokenizer(vocabulary: vocabulary) }?.kind == .format, "\(name)")
  }

  @Test func specialTokensAreFoundByTheirCustomarySpelling() throws {
    let tokenizer = try Tokenizer(vocabulary: Self.small())
    #expect(tokenizer.special.bos == 1)
    #expect(tokenizer.special.eos == 2)
    #expect(try tokenizer.encode("abA") == [1, 6, 3])
  }

  @Test(arguments: TinyTokenizer.allCases)
  func aGGUFFileHoldsTheWholeVocabulary(_ tiny: TinyTokenizer) throws {
    let vocabulary = try tiny.tokenizer().vocabulary()
    let folder = try TemporaryFolder()
    let path = folder.file("vocabulary.gguf")
    try GGUFWriter.write(path, [], metadata: try vocabulary.metadata())
    #expect(try TokenizerVocabulary(try GGUF(path)) == vocabulary)
  }

  @Test func aTextOfWordPiecesBeginsForOthersAsForUs() throws {
    let vocabulary = try TinyTokenizer.words.tokenizer().vocabulary()
    let pairs = try vocabulary.metadata()
    let folder = try TemporaryFolder()
    try GGUFWriter.write(folder.file("words.gguf"), [], metadata: pairs)
    let file = try GGUF(folder.file("words.gguf"))
    let begins = try file.int("tokenizer.ggml.bos_token_id")
    #expect(try begins == file.int("tokenizer.ggml.cls_token_id") && begins != 101)
  }

  @Test(
    .enabled(if: SharedData.isPresent, "needs ../shared/data"),
    arguments: [
      ("gpt-2", "gpt2-tokenizer"), ("llama-spm", "llama2-tokenizer"),
      ("bert-bge", "all-MiniLM-L6-v2"),
    ])
  func theFilesOfOthersGiveTheirIDs(_ name: String, _ folder: String) throws {
    let gguf = try GGUF(SharedData.path("ggml-vocab/ggml-vocab-\(name).gguf"))
    let tokenizer = try Tokenizer(gguf: gguf)
    let cases = try RealVocabulary(folder: folder, strings: name).cases()
    for (text, ids) in cases {
      #expect(try tokenizer.encode(text, addSpecial: false) == ids, "\(text.debugDescription)")
    }
    // What we export is what they wrote.
    let exported = try Tokenizer(folder: SharedData.path(folder)).vocabulary()
    #expect(try exported.tokens == tokenizer.vocabulary().tokens)
    #expect(try exported.merges == tokenizer.vocabulary().merges)
  }

  @Test(.enabled(if: SharedData.isPresent, "needs ../shared/data"))
  func theStoriesFileAgreesWithItsFolder() throws {
    let gguf = try GGUF(SharedData.path("stories260K/gguf/stories260K-f32.gguf"))
    let tokenizer = try Tokenizer(gguf: gguf)
    let other = try Tokenizer(folder: SharedData.path("stories260K/hf"))
    for text in TinyTokenizerTests.nasty + ["Once upon a time, there was"] {
      #expect(try tokenizer.encode(text) == other.encode(text), "\(text.debugDescription)")
    }
  }
}
