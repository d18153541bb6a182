// The names of tokenizer.ggml.pre.
import SVFTTensor
import SVFTText
import Testing

@Suite struct NamedSplitTests {
  private func vocabulary(_ pre: String?) -> TokenizerVocabulary {
    let tokens = ["1", "2", "a", "12"].map { Array($0.utf8) }
    var vocabulary = TokenizerVocabulary(
      kind: .gpt2, tokens: tokens, types: [.normal, .normal, .normal, .normal])
    vocabulary.pre = pre
    vocabulary.merges = [Array("1 2".utf8)]
    return vocabulary
  }

  @Test(arguments: [
    ("gpt-2", [3]), ("llama-bpe", [3]), ("qwen2", [0, 1]), ("smollm", [0, 1]),
    ("gpt-4o", [3]), ("tekken", [0, 1]), ("falcon", [3]), ("default", [3]), ("glm4", [3]),
    ("minerva-7b", [0, 1]), ("grok-2", [0, 1]), ("bloom", [3]), ("poro-chat", [3]),
    ("viking", [0, 1]), ("seed-coder", [0, 1]),
  ])
  func namesChooseHowNumbersAreCut(_ name: String, _ expected: [Int32]) throws {
    #expect(try Tokenizer(vocabulary: vocabulary(name)).encode("12") == expected)
  }

  @Test(arguments: ["no-such", "superbpe", ""]) func unknownNamesAreRefused(_ name: String) throws {
    let error = failure { _ = try Tokenizer(vocabulary: vocabulary(name)) }
    #expect(error?.kind == .unsupported)
    #expect(error?.message.contains(name) == true)
  }

  @Test func withoutTheKeyWordsAreCutByTheDefault() throws {
    let (text, unnamed) = ("a12 a121", try Tokenizer(vocabulary: vocabulary(nil)))
    #expect(try unnamed.encode(text) == Tokenizer(vocabulary: vocabulary("default")).encode(text))
  }
}
