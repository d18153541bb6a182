// SentencePiece's own files against SentencePiece, and against what tokenizer.json says of the same
// vocabulary; damaged ones.
import Foundation
import SVFTFormats
import SVFTTensor
import SVFTText
import TestKit
import Testing

/// A small model that SentencePiece trained.
enum TinyPieces: String, CaseIterable, Sendable {
  case unigram, bytes, pairs, plain

  static let folder = SharedData.packageRoot + "/Tests/Fixtures/"

  func file() throws -> [UInt8] {
    try Self.bytes(Self.folder + "sentencepiece-\(rawValue).model")
  }

  static func bytes(_ path: String) throws -> [UInt8] {
    Array(try Data(contentsOf: URL(fileURLWithPath: path)))
  }

  static func golden(_ name: String) throws -> [JSON.Object] {
    try JSON.read(folder + "sentencepiece-golden.json").root("golden").objects(name)
  }
}

@Suite struct SentencePieceFileTests {
  /// Nothing around a text, as SentencePiece itself.
  private static let bare: JSON = ["add_bos_token": false, "add_eos_token": false]

  @Test(arguments: TinyPieces.allCases)
  func everyTextGivesSentencePiecesIDs(_ tiny: TinyPieces) throws {
    let tokenizer = try Tokenizer(sentencePiece: tiny.file(), configuration: Self.bare)
    for item in try TinyPieces.golden(tiny.rawValue) {
      let text = try item.string("text")
      // A blank goes before every stretch between such tokens here, before the first alone there.
      if text.contains("<mark>") || text.contains("<s>") { continue }
      let ids = try tokenizer.encode(text).map(Int.init)
      #expect(try ids == item.ints("ids"), "\(text.debugDescription)")
    }
  }

  @Test func theConfigurationSaysWhatStandsAroundAText() throws {
    let file = try TinyPieces.unigram.file()
    func ends(_ configuration: JSON) throws -> ([Int32], [Int32]) {
      let around = try Tokenizer(sentencePiece: file, configuration: configuration).around
      return (around.before, around.after)
    }
    #expect(try ends([:]) == ([], []))
    #expect(try ends(["tokenizer_class": "T5Tokenizer"]) == ([], [2]))
    #expect(try ends(["tokenizer_class": "LlamaTokenizer", "add_eos_token": true]) == ([1], [2]))
    #expect(
      failure { _ = try ends(["tokenizer_class": "AlbertTokenizer"]) }?.kind == .unsupported)
    let added: JSON = [
      "added_tokens_decoder": ["1000": ["content": "<|end|>", "special": true]]
    ]
    let tokenizer = try Tokenizer(sentencePiece: file, configuration: added)
    #expect(tokenizer.vocabularySize == 1001 && tokenizer.isSpecial(1000))
    #expect(try tokenizer.encode("a<|end|>", parseSpecial: true).last == 1000)
    #expect(
      failure {
        _ = try ends(["added_tokens_decoder": ["9000000": ["content": "x"]]])
      }?.kind == .format)
  }

  /// The word for it is "legacy"; without it, transformers 5 says no.
  @Test(arguments: [(false, false), (nil, false), (true, true)] as [(Bool?, Bool)])
  func aBlankMayGoBeforeTheBeginningAlone(_ legacy: Bool?, _ isEverywhere: Bool) throws {
    var configuration = JSON.Object([("tokenizer_class", "LlamaTokenizer")])
    if let legacy { configuration["legacy"] = .bool(legacy) }
    let tokenizer = try Tokenizer(
      sentencePiece: TinyPieces.pairs.file(), configuration: .object(configuration))
    let ids = try tokenizer.encode("the<mark>the", addSpecial: false)
    let mark = try #require(tokenizer.id(of: "<mark>"))
    let begin = try #require(tokenizer.id(of: "▁the"))
    #expect(ids.first == begin && ids.dropFirst().first == mark)
    #expect((ids == [begin, mark, begin]) == isEverywhere)
    // A blank in the text stays one, and each stretch of a text is told whether it begins it.
    #expect(try tokenizer.encode("the<mark> the", addSpecial: false).last == begin)
    #expect(try (tokenizer.encode(stretch: "the", first: false) == [begin]) == isEverywhere)
    #expect(try tokenizer.decode(ids).hasPrefix("the<mark>"))
  }

  @Test func rolesOfTheConfigurationAreTaken() throws {
    let file = try TinyPieces.pairs.file()
    let count = try Tokenizer(sentencePiece: file).vocabularySize
    let configuration: JSON = [
      "tokenizer_class": "LlamaTokenizer", "eos_token": ["content": "<mark>"],
      "pad_token": "[PAD]", "bos_token": "", "additional_special_tokens": ["<x>"],
    ]
    let tokenizer = try Tokenizer(sentencePiece: file, configuration: configuration)
    #expect(tokenizer.special.eos == tokenizer.id(of: "<mark>") && tokenizer.special.bos == 1)
    #expect(tokenizer.special.padding == Int32(count) && tokenizer.vocabularySize == count + 2)
    #expect(tokenizer.isSpecial(Int32(count + 1)))
    let bounded = try Tokenizer(
      sentencePiece: file, configuration: configuration, limit: count)
    #expect(bounded.special.padding == nil && bounded.vocabularySize == count)
  }

  /// A word of the class decides: pieces of the file keep their ids, or get those of fairseq.
  @Test func encodersArrangeTheirPieces() throws {
    let file = try TinyPieces.unigram.file()
    let own = try Tokenizer(sentencePiece: file)
    let place = try #require(own.id(of: "▁the"))
    for (name, shift, mask) in [("XLMRoberta", 1, 1), ("Camembert", 4, 4)] as [(String, Int32, Int)]
    {
      let tokenizer = try Tokenizer(
        sentencePiece: file, configuration: ["tokenizer_class": .string(name + "Tokenizer")])
      #expect(tokenizer.id(of: "▁the") == place + shift)
      #expect(tokenizer.special.mask == Int32(own.vocabularySize + mask))
      #expect(tokenizer.special.unknown == 3 && tokenizer.special.padding == 1)
    }
    for name in ["XLMRoberta", "Camembert", "DebertaV2"] {
      let configuration: JSON = ["tokenizer_class": .string(name + "Tokenizer")]
      let error = failure {
        _ = try Tokenizer(sentencePiece: TinyPieces.pairs.file(), configuration: configuration)
      }
      #expect(error?.kind == .unsupported && error?.message.contains("unigram") == true)
      for end in stride(from: 0, to: file.count, by: 23) {
        _ = failure {
          _ = try Tokenizer(sentencePiece: Array(file[..<end]), configuration: configuration)
        }
      }
    }
  }

  @Test func whatCannotBeWrittenSaysSo() throws {
    let tokenizer = try Tokenizer(sentencePiece: TinyPieces.pairs.file())
    #expect(failure { _ = try tokenizer.vocabulary() }?.kind == .unsupported)
  }

  @Test(arguments: [true, false])
  func unigramsAreWrittenAsTokenizerFiles(_ endsTexts: Bool) throws {
    let tokenizer = try Tokenizer(
      sentencePiece: TinyPieces.unigram.file(),
      configuration: endsTexts ? ["tokenizer_class": "T5Tokenizer"] : Self.bare)
    let vocabulary = try tokenizer.vocabulary()
    let other = try TokenizerVocabularyFilesTests.rewritten(vocabulary)
    for item in try TinyPieces.golden("unigram") {
      let text = try item.string("text")
      // The `tokenizers` package differs from SentencePiece in runs of dots and literal markers.
      let differs = ["<mark>", "<s>", "▁", "..."].contains { text.contains($0) }
      if differs { continue }
      #expect(try other.encode(text) == tokenizer.encode(text), "\(text.debugDescription)")
      let ids = try tokenizer.encode(text)
      #expect(try other.decode(ids) == tokenizer.decode(ids))
    }
    // And from there into GGUF's terms, which say the same again.
    let back = try other.vocabulary()
    #expect(back.scores == vocabulary.scores && back.rules == vocabulary.rules)
    #expect(back.kind == .t5 && back.tokens == vocabulary.tokens)
    #expect(back.removesExtraSpaces == vocabulary.removesExtraSpaces)
    #expect(back.addsEOS == vocabulary.addsEOS)
  }

  /// A trainer's field 24 behind the others: spaces stand behind words in the vocabulary.
  @Test func spacesBehindWordsAreRefused() throws {
    let file = try TinyPieces.plain.file() + [0x12, 3, 0xC0, 0x01, 0x01]
    let error = failure { _ = try Tokenizer(sentencePiece: file) }
    #expect(error?.kind == .unsupported)
    #expect(error?.message.contains("treat_whitespace_as_suffix") == true)
  }

  @Test func damagedFilesNeitherTrapNorHang() throws {
    let file = try TinyPieces.unigram.file()
    for end in stride(from: 0, to: file.count, by: 11) {
      _ = failure { _ = try Tokenizer(sentencePiece: Array(file[..<end])).encode("the lamp") }
    }
    var random = RandomSource(seed: 3, purpose: "pieces")
    for _ in 0..<1_500 {
      var bytes = file
      for _ in 0...random.below(3) {
        bytes[random.below(bytes.count)] = UInt8(truncatingIfNeeded: random.word())
      }
      _ = failure { _ = try Tokenizer(sentencePiece: bytes).encode("the ﬁsh é ...") }
    }
    #expect(failure { _ = try Tokenizer(sentencePiece: []) }?.kind == .format)
  }

  @Test(.enabled(if: SharedData.isPresent, "needs ../shared/data"))
  func llamasFileGivesWhatItsTokenizerFileGives() throws {
    let real = try #require(RealVocabulary.all.first { $0.folder == "llama2-tokenizer" })
    let bytes = try TinyPieces.bytes(SharedData.path("llama2-tokenizer/tokenizer.model"))
    let (own, json) = (try Tokenizer(modelFile: bytes), try real.tokenizer())
    #expect(own.special.bos == json.special.bos && own.special.eos == json.special.eos)
    for (text, ids) in try real.cases() {
      #expect(try own.encode(text, addSpecial: false) == ids, "\(text.debugDescription)")
      #expect(try own.encode(text) == json.encode(text))
      #expect(try own.decode(ids) == json.decode(ids))
    }
  }
}
