// tokenizer.json as somebody hostile might write it: every prefix, every flipped bit of a small
// one, ids that contradict each other. Nothing may trap; what is refused says why.
import Foundation
import SVFTFormats
import SVFTTensor
import SVFTText
import TestKit
import Testing

@Suite struct TokenizerFileTests {
  @Test(arguments: [
    (#"{}"#, "model"), (#"[]"#, "tokenizer.json"),
    (#"{"model":{"type":"BPE","vocab":{}}}"#, "vocab"),
    (#"{"model":{"type":"BPE","vocab":{"a":0,"b":0},"merges":[]}}"#, "vocab"),
    (#"{"model":{"type":"BPE","vocab":{"a":0,"b":100000},"merges":[]}}"#, "vocab"),
    (#"{"model":{"type":"BPE","vocab":{"a":-1},"merges":[]}}"#, "vocab"),
    (#"{"model":{"type":"BPE","vocab":{"a":9223372036854775807},"merges":[]}}"#, "vocab"),
    (#"{"model":{"type":"BPE","vocab":{"a":0.5},"merges":[]}}"#, "vocab"),
    (#"{"model":{"type":"BPE","vocab":{"a":"0"},"merges":[]}}"#, "vocab"),
    (#"{"model":{"type":"BPE","vocab":{"a":0},"merges":[]},"added_tokens":{}}"#, "added_tokens"),
    (
      #"{"model":{"type":"BPE","vocab":{"a":0},"merges":[]},"#
        + #""added_tokens":[{"id":200000,"content":"x"}]}"#,
      "ids below"
    ),
  ])
  func contradictionsAreFormatErrors(_ text: String, _ named: String) throws {
    let json = try JSON.parse(text)
    let error = failure { _ = try Tokenizer(json: json) }
    #expect(error?.kind == .format)
    #expect(error?.message.contains(named) == true, "\(error?.message ?? "")")
  }

  /// The byte-level fixture with two ids between its tokens and an added one, and one in its midst
  /// left out.
  static func gappy() throws -> JSON {
    var vocabulary = try TinyTokenizer.bytes.json().root("fixture").object("model").object("vocab")
    let gap = try #require(vocabulary.members.first { $0.0 == "Ā" })
    vocabulary = JSON.Object(vocabulary.members.filter { $0.0 != gap.0 }.map { ($0.0, $0.1) })
    let changed = try TinyTokenizer.bytes.changed(["model", "vocab"], to: .object(vocabulary))
    var root = try changed.root("fixture")
    root["added_tokens"] = .array(
      try root.array("added_tokens") + [["id": 374, "content": "<late>", "special": false]])
    return .object(root)
  }

  @Test func idsThatNoTokenHasDecodeToNothing() throws {
    let tokenizer = try Tokenizer(json: try Self.gappy())
    let gap = try #require(try TinyTokenizer.bytes.tokenizer().id(of: "Ā"))
    #expect(tokenizer.vocabularySize == 375)
    #expect(tokenizer.meaningful.below == 375)
    #expect(tokenizer.meaningful.except == [gap, 372, 373])
    let ids = try tokenizer.encode("a<late>b", addSpecial: false)
    #expect(ids.contains(374))
    #expect(try tokenizer.decode([gap] + ids.flatMap { [$0, 372] }) == "a<late>b")
    #expect(try tokenizer.piece(gap) == [])
    #expect(failure { _ = try tokenizer.decode([375]) }?.kind == .invalidArgument)
  }

  @Test func idsThatNoTokenHasGoThroughGGUFAndBack() throws {
    let tokenizer = try Tokenizer(json: try Self.gappy())
    let vocabulary = try tokenizer.vocabulary().padded(to: 380)
    #expect(vocabulary.tokens.count == 380)
    #expect(vocabulary.tokens[379] == Array("[PAD379]".utf8))
    #expect(vocabulary.types.filter { $0 == .unused }.count == 3 + 5)
    let other = try Tokenizer(vocabulary: vocabulary)
    #expect(other.vocabularySize == 380)
    #expect(other.meaningful.below == tokenizer.meaningful.below)
    #expect(other.meaningful.except == tokenizer.meaningful.except)
    #expect(try other.decode([379, 372]) == "")
    #expect(try other.encode("[PAD379] [PAD372]") == tokenizer.encode("[PAD379] [PAD372]"))
    let files = try vocabulary.files().map(\.json)
    let back = try Tokenizer(json: files[0], configuration: files[1])
    #expect(back.vocabularySize == 375)
    #expect(back.meaningful.except == tokenizer.meaningful.except)
    #expect(try back.encode("the lamp <late>") == tokenizer.encode("the lamp <late>"))
  }

  @Test func aRoleMayNameNoToken() throws {
    let json = try TinyTokenizer.pieces.json()
    let padded = try Tokenizer(
      json: json, configuration: ["pad_token": "<pad>", "mask_token": ["content": "<mask!>"]])
    #expect(padded.special.padding == nil)
    #expect(padded.special.eos == 2)
    let ending = try Tokenizer(json: json, configuration: ["eos_token": "<end>"])
    #expect(try ending.special.eos == Tokenizer(json: json).special.eos)
  }

  /// What tokenizer_config.json has beyond tokenizer.json is added, as transformers adds it.
  @Test func tokensOfTheConfigurationAloneAreAdded() throws {
    let tiny = TinyTokenizer.bytes
    let before = try Tokenizer(json: tiny.json())
    let count = before.vocabularySize
    let configuration: JSON = [
      "added_tokens_decoder": [
        "9000": ["content": "<new>", "special": true], "9001": ["content": "newer"],
        "9002": ["content": "e", "special": true],
      ], "eos_token": "", "bos_token": "<none>",
    ]
    let tokenizer = try Tokenizer(json: tiny.json(), configuration: configuration)
    #expect(tokenizer.vocabularySize == count + 2)
    #expect(try tokenizer.encode("newer", addSpecial: false) == [Int32(count + 1)])
    #expect(try before.encode("newer", addSpecial: false).count > 1)
    #expect(tokenizer.special.bos == before.special.bos)
    // Without a row in the model they are none.
    let bounded = try Tokenizer(
      json: tiny.json(), configuration: configuration, limit: count + 1)
    #expect(bounded.vocabularySize == count + 1)
    // Which says nothing about those behind it.
    let known = try bounded.encode("e", addSpecial: false)
    #expect(try known == before.encode("e", addSpecial: false))
    #expect(try bounded.decode(known, skipSpecial: true).isEmpty)
    #expect(try before.decode(known, skipSpecial: true) == "e")
  }

  @Test(arguments: TinyTokenizer.allCases) func everyPrefixIsRefused(_ tiny: TinyTokenizer) throws {
    let text = try tiny.json().text()
    for length in stride(from: 0, to: text.utf8.count, by: 7) {
      let prefix = String(decoding: text.utf8.prefix(length), as: UTF8.self)
      #expect(failure { _ = try Tokenizer(json: try JSON.parse(prefix)) } != nil)
    }
  }

  @Test(arguments: TinyTokenizer.allCases) func flippedBitsNeverTrap(_ tiny: TinyTokenizer) throws {
    let bytes = Array(try tiny.json().text().utf8)
    var survivors = 0
    for place in stride(from: 0, to: bytes.count, by: 11) {
      var broken = bytes
      broken[place] ^= 1 << UInt8(place % 7)
      let text = String(decoding: broken, as: UTF8.self)
      guard let json = try? JSON.parse(text), let tokenizer = try? Tokenizer(json: json) else {
        continue
      }
      survivors += 1
      let ids = try tokenizer.encode("The lamp é 12", parseSpecial: true)
      _ = try tokenizer.decode(ids)
      _ = try? tokenizer.vocabulary()
    }
    #expect(survivors > 0)
  }

  @Test func aFolderIsReadWithItsConfiguration() throws {
    let folder = try TemporaryFolder()
    try folder.write("tokenizer.json", try TinyTokenizer.pieces.json().text())
    #expect(try Tokenizer(folder: folder.path).encode("the").first == 1)
    try folder.write(
      "tokenizer_config.json",
      #"{"tokenizer_class":"LlamaTokenizer","add_bos_token":false,"add_eos_token":true,"#
        + #""eos_token":"</s>"}"#)
    let ids = try Tokenizer(folder: folder.path).encode("the")
    #expect(ids.first != 1)
    #expect(ids.last == 2)
    try folder.write("tokenizer.json", "{")
    let error = failure { _ = try Tokenizer(folder: folder.path) }
    #expect(error?.message.contains(folder.path) == true)
  }

  @Test(arguments: ["vocab.txt", "vocab.json"])
  func partsOfATokenizerAreNamed(_ name: String) throws {
    let folder = try TemporaryFolder()
    try folder.write(name, "[PAD]\n[UNK]\n")
    let error = failure { _ = try Tokenizer(folder: folder.path) }
    #expect(error?.kind == .unsupported)
    #expect(error?.message.contains("expected tokenizer.json, found \(name)") == true)
    #expect(error?.message.contains("save_pretrained") == true)
  }

  @Test(arguments: ["tokenizer.model", "spiece.model"])
  func theFileOfAModelAloneWillDo(_ name: String) throws {
    let folder = try TemporaryFolder()
    let file = URL(fileURLWithPath: folder.file(name))
    try Data(TinyPieces.unigram.file()).write(to: file)
    try folder.write("tokenizer_config.json", #"{"tokenizer_class":"T5Tokenizer"}"#)
    #expect(try Tokenizer(folder: folder.path).encode("the").last == 2)
    try Data([1]).write(to: file)
    let error = failure { _ = try Tokenizer(folder: folder.path) }
    #expect(error?.message.contains(name) == true)
  }

  @Test func cutsAtBlanksThatAreNoneAnyMoreAreExported() throws {
    let cut: JSON = [
      "type": "Split", "pattern": ["String": " "], "behavior": "MergedWithPrevious",
      "invert": false,
    ]
    let json = try TinyTokenizer.pieces.changed(["pre_tokenizer"], to: cut)
    let tokenizer = try Tokenizer(json: json)
    let exported = try Tokenizer(vocabulary: tokenizer.vocabulary())
    for text in ["the  lamp", " the sea "] {
      #expect(try exported.encode(text) == tokenizer.encode(text))
    }
    let other = try TinyTokenizer.pieces.changed(
      ["pre_tokenizer"], to: ["type": "Punctuation"])
    #expect(failure { _ = try Tokenizer(json: other).vocabulary() }?.kind == .unsupported)
  }

  @Test func whatGGUFHasNoNameForIsNotExported() throws {
    for (key, value) in [
      ("normalizer", ["type": "Lowercase"]), ("pre_tokenizer", ["type": "WhitespaceSplit"]),
    ] as [(String, JSON)] {
      for tiny in TinyTokenizer.lossless {
        let tokenizer = try Tokenizer(json: try tiny.changed([key], to: value))
        #expect(failure { _ = try tokenizer.vocabulary() }?.kind == .unsupported)
      }
    }
  }
}
