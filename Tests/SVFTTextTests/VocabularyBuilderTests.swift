// Tokenizers from GGUF's terms: what each kind takes for granted.
import SVFTTensor
import SVFTText
import Testing

@Suite struct VocabularyBuilderTests {
  @Test func aBlankGoesInFrontUnlessTheFileSaysNo() throws {
    var vocabulary = TokenizerVocabularyTests.small()
    vocabulary.tokens.append(Array("▁".utf8))
    vocabulary.types.append(.normal)
    vocabulary.scores?.append(-3)
    #expect(try Tokenizer(vocabulary: vocabulary).encode("a", addSpecial: false) == [4])
    vocabulary.addsSpacePrefix = nil
    let tokenizer = try Tokenizer(vocabulary: vocabulary)
    #expect(try tokenizer.encode("a", addSpecial: false) == [7, 4])
    #expect(try tokenizer.decode([7, 4, 7, 4]) == "a a")
  }

  @Test func textCannotMergeIntoAControlToken() throws {
    var vocabulary = TokenizerVocabularyTests.small()
    vocabulary.tokens[6] = Array("ab".utf8)
    vocabulary.types[6] = .control
    #expect(try Tokenizer(vocabulary: vocabulary).encode("ab", addSpecial: false) == [4, 5])
    let tokenizer = try Tokenizer(vocabulary: vocabulary)
    #expect(try tokenizer.encode("ab", addSpecial: false, parseSpecial: true) == [6])
  }

  @Test func userDefinedTokensAreAlwaysTaken() throws {
    var vocabulary = TokenizerVocabularyTests.small()
    vocabulary.tokens[6] = Array("bab".utf8)
    vocabulary.types[6] = .userDefined
    #expect(try Tokenizer(vocabulary: vocabulary).encode("abab", addSpecial: false) == [4, 6])
  }

  @Test func bosAndEosFollowTheFlags() throws {
    var vocabulary = TokenizerVocabularyTests.small()
    #expect(try Tokenizer(vocabulary: vocabulary).encode("a") == [1, 4])
    vocabulary.addsBOS = false
    vocabulary.addsEOS = true
    #expect(try Tokenizer(vocabulary: vocabulary).encode("a") == [4, 2])
  }

  @Test func bertNeedsItsRoles() throws {
    let tokens = ["[UNK]", "[CLS]", "[SEP]", "▁a", "b"].map { Array($0.utf8) }
    var vocabulary = TokenizerVocabulary(
      kind: .bert, tokens: tokens, types: [.control, .control, .control, .normal, .normal])
    #expect(try Tokenizer(vocabulary: vocabulary).encode("ab A") == [1, 3, 4, 3, 2])
    vocabulary.tokens[1] = Array("x".utf8)
    #expect(failure { _ = try Tokenizer(vocabulary: vocabulary) }?.kind == .format)
  }

  @Test(arguments: ["a", "", "a  x", "zz a"]) func mergesMustBeMadeOfTokens(_ merge: String) {
    var vocabulary = TokenizerVocabulary(
      kind: .gpt2, tokens: [[0x61], [0x62]], types: [.normal, .normal])
    vocabulary.pre = "gpt-2"
    vocabulary.merges = [Array(merge.utf8)]
    #expect(failure { _ = try Tokenizer(vocabulary: vocabulary) }?.kind == .format)
  }
}
