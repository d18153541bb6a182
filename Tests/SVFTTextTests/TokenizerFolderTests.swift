// Folders with added_tokens.json, special_tokens_map.json and the SentencePiece files of encoders,
// against what transformers makes of them; broken ones.
import SVFTFormats
import SVFTTensor
import SVFTText
import TestKit
import Testing

@Suite struct TokenizerFolderTests {
  private static let file = TinyPieces.folder + "tokenizer-folders.json"

  static let names: [String] = (try? JSON.read(file).root("folders").keys) ?? []

  /// A folder of the fixture, with other texts for some of its files; nil is none.
  private func folder(
    _ name: String, _ changes: [String: String?] = [:]
  ) throws -> (folder: TemporaryFolder, golden: JSON.Object) {
    let golden = try JSON.read(Self.file).root("folders").object(name)
    let folder = try TemporaryFolder()
    let files = try golden.object("files")
    for name in files.keys where !changes.keys.contains(name) {
      try folder.write(name, try files.string(name))
    }
    let models = try golden.object("models")
    for name in models.keys {
      try folder.write(name, try TinyPieces.bytes(TinyPieces.folder + models.string(name)))
    }
    for case (let name, let text?) in changes { try folder.write(name, text) }
    return (folder, golden)
  }

  /// The tokenizer of such a folder, which is gone afterwards.
  private func tokenizer(
    _ name: String, _ changes: [String: String?] = [:]
  ) throws -> Tokenizer {
    let folder = try folder(name, changes).folder
    return try withExtendedLifetime(folder) { try Tokenizer(folder: folder.path) }
  }

  @Test func thereAreThirteen() { #expect(Self.names.count == 13) }

  @Test(arguments: names)
  func idsAreThoseOfTransformers(_ name: String) throws {
    let (folder, golden) = try folder(name)
    #expect(try Tokenizer.isThere(in: folder.path))
    let tokenizer = try Tokenizer(folder: folder.path)
    for item in try golden.objects("texts") {
      let text = try item.string("text")
      let found = try tokenizer.encode(text, parseSpecial: true)
      #expect(try found.map { Int($0) } == item.ints("ids"), "\(text.debugDescription)")
    }
    let pair = try tokenizer.encodePair("the cat", "a lamp").ids
    #expect(try pair.map { Int($0) } == golden.ints("pair"))
    let own = Dictionary(uniqueKeysWithValues: tokenizer.special.named)
    let roles = try golden.object("roles")
    for role in roles.keys {
      #expect(try own[role].map { Int($0) } == roles.int(role), "\(role)")
    }
  }

  @Test func tokensAreControlTokensWhereARoleOrAListNamesThem() throws {
    let plain = try tokenizer("bert")
    let listed = try tokenizer("bert-special")
    for (text, isSpecial) in [("[NEW]", false), ("[E1]", true), ("[E2]", true)] {
      let id = try #require(listed.id(of: text))
      #expect(listed.isSpecial(id) == isSpecial)
    }
    let marker = try #require(plain.id(of: "[E1]"))
    #expect(!plain.isSpecial(marker))
    let roles = try tokenizer("llama-roles")
    #expect(roles.isSpecial(420) && !roles.isSpecial(421) && roles.isSpecial(422))
    // Which a text of a user cannot write.
    #expect(try !roles.encode("a<|im_end|>").contains(420))
    #expect(try roles.encode("a<|im_start|>").contains(421))
  }

  @Test func aListWithAllLeavesOnlyMissingRolesOpen() throws {
    let configuration = #"""
      {"tokenizer_class": "LlamaTokenizer", "eos_token": "</s>", "added_tokens_decoder":
      {"420": {"content": "<|im_end|>", "special": true}}}
      """#
    let changes = [
      "tokenizer_config.json": configuration,
      "special_tokens_map.json": #"{"eos_token": "<|im_end|>", "pad_token": "<|im_end|>"}"#,
    ]
    let tokenizer = try tokenizer("llama", changes)
    #expect(tokenizer.special.eos == 2 && tokenizer.special.padding == 420)
    // Of added_tokens.json nothing counts then.
    #expect(tokenizer.vocabularySize == 421 && tokenizer.id(of: "<|im_start|>") == nil)
  }

  @Test(arguments: ["bert", "llama", "gpt2", "deberta", "whole"])
  func tokensWithoutARowAreLeftOut(_ name: String) throws {
    let folder = try folder(name).folder
    let count = try Tokenizer(folder: folder.path).vocabularySize
    for limit in [count, count - 1] {
      let tokenizer = try Tokenizer(folder: folder.path, limit: limit)
      #expect(tokenizer.vocabularySize == limit)
      #expect(try tokenizer.encode("the cat").allSatisfy { $0 < limit })
    }
  }

  @Test func gapsBetweenAddedTokensAreVacant() throws {
    for name in ["bert", "llama"] {
      let bare = try tokenizer(name, ["added_tokens.json": nil])
      let last = bare.vocabularySize + 3
      let changes = ["added_tokens.json": "{\"<far>\": \(last)}"]
      let tokenizer = try tokenizer(name, changes)
      #expect(tokenizer.vocabularySize == last + 1)
      #expect(try tokenizer.encode("a<far>").contains(Int32(last)))
      #expect(tokenizer.meaningful.except == [Int32(last - 3), Int32(last - 2), Int32(last - 1)])
    }
  }

  @Test func whatTheVocabularyHasKeepsItsID() throws {
    for (name, text) in [("bert", "[MASK]"), ("llama", "<mark>")] {
      let bare = try tokenizer(name, ["added_tokens.json": nil])
      let changes = ["added_tokens.json": "{\"\(text)\": \(bare.vocabularySize)}"]
      let tokenizer = try tokenizer(name, changes)
      #expect(tokenizer.vocabularySize == bare.vocabularySize)
      #expect(tokenizer.id(of: text) == bare.id(of: text))
    }
  }

  @Test(
    arguments: [
      ("bert", "added_tokens.json", "[1]", .format), ("bert", "added_tokens.json", "{", .truncated),
      ("bert", "added_tokens.json", #"{"x": -1}"#, .format),
      ("bert", "added_tokens.json", #"{"x": "1"}"#, .format),
      ("bert", "added_tokens.json", #"{"x": 1.5}"#, .format),
      ("bert", "added_tokens.json", #"{"x": 9223372036854775807}"#, .format),
      ("bert", "added_tokens.json", #"{"x": 2147483647}"#, .format),
      ("bert", "added_tokens.json", #"{"": 83}"#, .format),
      ("bert", "added_tokens.json", #"{"x": 83, "y": 83}"#, .format),
      ("bert", "added_tokens.json", #"{"x": 5}"#, .format),
      ("llama", "added_tokens.json", #"{"x": 5}"#, .format),
      ("llama", "added_tokens.json", #"{"x": 9000000}"#, .format),
      ("llama", "special_tokens_map.json", "[1]", .format),
      ("llama", "special_tokens_map.json", #"{"eos_token": 5}"#, .format),
      ("llama", "special_tokens_map.json", #"{"eos_token": {"text": "a"}}"#, .format),
      ("llama", "special_tokens_map.json", #"{"additional_special_tokens": 5}"#, .format),
      ("llama", "special_tokens_map.json", #"{"additional_special_tokens": [5]}"#, .format),
      ("xlm-roberta", "config.json", "{}", .unsupported),
      ("xlm-roberta", "config.json", #"{"model_type": "mbart"}"#, .unsupported),
      ("deberta", "spm.model", "x", .format),
      (
        "deberta", "tokenizer_config.json", #"{"tokenizer_class": "BigBirdTokenizer"}"#,
        .unsupported
      ),
      ("deberta", "tokenizer_config.json", #"{"do_lower_case": 1}"#, .format),
    ] as [(String, String, String, SVFTError.Kind)])
  func whatIsWrongIsSaid(
    _ name: String, _ file: String, _ text: String, _ kind: SVFTError.Kind
  ) throws {
    let folder = try folder(name, [file: text]).folder
    let error = failure { _ = try Tokenizer(folder: folder.path) }
    // A file cut off in its midst and one with nothing in it are both damaged.
    let isDamaged = file == "spm.model" && error?.kind == .truncated
    #expect(error?.kind == kind || isDamaged, "\(error?.message ?? "no error")")
    #expect(error?.message.contains(folder.path) == true)
    let isNamed = !["config.json", "tokenizer_config.json"].contains(file)
    #expect(!isNamed || error?.message.contains(file) == true, "\(error?.message ?? "")")
    guard kind == .unsupported else { return }
    #expect(error?.message.contains("save_pretrained") == true)
    #expect(error?.message.contains(".model") == true)
  }

  @Test(arguments: ["added_tokens.json", "special_tokens_map.json"])
  func flippedBitsNeverTrap(_ file: String) throws {
    let (folder, golden) = try folder("llama-roles")
    let bytes = Array(try golden.object("files").string(file).utf8)
    for place in bytes.indices {
      var broken = bytes
      broken[place] ^= 1 << UInt8(place % 7)
      try folder.write(file, broken)
      _ = failure { _ = try Tokenizer(folder: folder.path).encode("a<|im_end|>") }
      try folder.write(file, Array(bytes[..<place]))
      _ = failure { _ = try Tokenizer(folder: folder.path).encode("a<|im_end|>") }
    }
  }
}
