// Folders with vocab.json and merges.txt, or vocab.txt, against what transformers makes of them.
import SVFTFormats
import SVFTTensor
import SVFTText
import TestKit
import Testing

@Suite struct TokenizerPartsTests {
  private static let file = SharedData.packageRoot + "/Tests/Fixtures/tokenizer-parts.json"

  static let names: [String] = (try? JSON.read(file).root("parts").keys) ?? []

  private func folder(
    _ name: String, _ change: (inout [String: String]) -> Void = { _ in }
  ) throws -> (folder: TemporaryFolder, golden: JSON.Object) {
    let golden = try JSON.read(Self.file).root("parts").object(name)
    var files: [String: String] = [:]
    for (name, text) in try golden.object("files").members { files[name] = try text.string(name) }
    change(&files)
    let folder = try TemporaryFolder()
    for (name, text) in files { try folder.write(name, text) }
    return (folder, golden)
  }

  @Test func thereAreEight() { #expect(Self.names.count == 8) }

  @Test(arguments: names)
  func idsAreThoseOfTransformers(_ name: String) throws {
    let (folder, golden) = try folder(name)
    let tokenizer = try Tokenizer(folder: folder.path)
    for item in try golden.objects("texts") {
      let text = try item.string("text")
      let found = try tokenizer.encode(text, parseSpecial: true)
      #expect(try found.map { Int($0) } == item.ints("ids"), "\(text)")
    }
    let pair = try tokenizer.encodePair("the cat", "a lamp").ids
    #expect(try pair.map { Int($0) } == golden.ints("pair"))
  }

  @Test func rolesAreThoseOfTheClass() throws {
    let folder = try folder("roberta").folder
    let tokenizer = try Tokenizer(folder: folder.path)
    #expect(tokenizer.special.bos == 369 && tokenizer.special.eos == 370)
    #expect(tokenizer.special.separator == 370 && tokenizer.special.mask == 373)
    #expect(tokenizer.isSpecial(373) && !tokenizer.isSpecial(10))
  }

  @Test(
    arguments: [
      ("opt", "merges.txt", nil, SVFTError.Kind.io),
      ("opt", "merges.txt", "a b c\n", .format), ("opt", "merges.txt", "\u{1}\u{1} q\n", .format),
      ("opt", "vocab.json", "[1]", .format), ("opt", "vocab.json", "{\"a\": -1}", .format),
      ("opt", "vocab.json", "{\"a\": 999999999}", .format), ("opt", "vocab.json", "{", .truncated),
      ("opt", "tokenizer_config.json", #"{"tokenizer_class":"CodeGenTokenizer"}"#, .unsupported),
      ("opt", "tokenizer_config.json", #"{"tokenizer_class":"BertTokenizer"}"#, .unsupported),
      (
        "opt", "tokenizer_config.json",
        #"{"tokenizer_class":"GPT2Tokenizer","add_bos_token":true,"bos_token":"<none>"}"#, .format
      ),
      (
        "opt", "tokenizer_config.json",
        #"{"tokenizer_class":"GPT2Tokenizer","added_tokens_decoder":{"x":{"content":"a"}}}"#,
        .format
      ),
      (
        "opt", "tokenizer_config.json",
        #"{"tokenizer_class":"GPT2Tokenizer","added_tokens_decoder":"#
          + #"{"9223372036854775807":{"content":"<far>"}}}"#,
        .format
      ),
      ("roberta-nameless", "config.json", #"{"model_type":"nosuch"}"#, .unsupported),
      ("bert", "vocab.txt", "", .format), ("bert", "vocab.txt", "[PAD]\n[UNK]\n", .format),
    ] as [(String, String, String?, SVFTError.Kind)])
  func whatIsWrongIsSaid(
    _ name: String, _ file: String, _ text: String?, _ kind: SVFTError.Kind
  ) throws {
    let folder = try folder(name) { $0[file] = text }.folder
    let error = failure { _ = try Tokenizer(folder: folder.path) }
    #expect(error?.kind == kind, "\(error?.message ?? "no error")")
    #expect(error?.message.contains(folder.path) == true)
  }
}
