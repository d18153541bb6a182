// What the files of a sentence-transformers folder say: where its modules lie, what is done to
// texts; and that a head written as such files is read back.
import SVFTFormats
import SVFTModels
import SVFTTensor
import TestKit
import Testing

@Suite struct EmbeddingHeadFolderTests {
  /// A folder of these files, with a modules.json of an average unless they have one.
  private static func folder(_ files: [String: String]) throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    let list = #"[{"path": "", "type": "a.Transformer"}, {"path": "p", "type": "a.Pooling"}]"#
    let usual = ["modules.json": list, "p/config.json": "{}"]
    for (name, text) in files.merging(usual, uniquingKeysWith: { own, _ in own }) {
      let parent = try #require(FileSystem.parent(folder.file(name)))
      try FileSystem.makeFolder(parent)
      try folder.write(name, text)
    }
    return folder
  }

  private static func head(_ files: [String: String]) throws -> EmbeddingHead {
    let folder = try folder(files)
    return try #require(try EmbeddingHead(folder: folder.path))
  }

  @Test func aFolderWithoutModulesSaysNothing() throws {
    let folder = try TemporaryFolder()
    try folder.write("sentence_bert_config.json", #"{"max_seq_length": 7}"#)
    try folder.write("tokenizer_config.json", #"{"model_max_length": 7}"#)
    #expect(try EmbeddingHead(folder: folder.path) == nil)
    try EmbeddingHead.requireModel(in: folder.path)
  }

  @Test(
    arguments: [
      ("1_Pooling/", "1_Pooling"), ("./1_Pooling", "1_Pooling"), ("a//b/1_P", "a/b/1_P"),
      ("my_Pooling", "my_Pooling"), ("..a", "..a"),
    ])
  func modulesLieAnywhereInTheFolder(_ path: String, _ name: String) throws {
    let folder = try Self.folder([
      "modules.json": #"[{"path": "\#(path)", "type": "a.Pooling"}]"#,
      name + "/config.json": #"{"pooling_mode_cls_token": true}"#,
    ])
    #expect(try EmbeddingHead(folder: folder.path) == EmbeddingHead(.cls, normalizes: false))
    #expect(try EmbeddingHead.files(in: folder.path).contains(name + "/config.json"))
  }

  @Test(
    "A module's path stays inside the folder",
    arguments: [
      "../x", "..", "/etc", "a/../../b", "", "./", #"a\u0000b"#,
      // A slash with a mark over it is one character, and two to the system.
      "../\u{338}x", "/\u{338}x",
    ])
  func paths(_ path: String) throws {
    let folder = try Self.folder([
      "modules.json": #"[{"path": "\#(path)", "type": "a.Pooling"}]"#
    ])
    let failure = #expect(throws: SVFTError.self) { try EmbeddingHead(folder: folder.path) }
    #expect(failure?.kind == .format)
    #expect(failure?.message.contains("modules.json: ") == true, "\(failure?.message ?? "")")
  }

  @Test func aModelInAFolderBelowIsNamed() throws {
    let folder = try Self.folder([
      "modules.json": #"[{"path": "0_Transformer", "type": "a.models.Transformer"}]"#
    ])
    for attempt in [
      { _ = try EmbeddingHead(folder: folder.path) },
      { try EmbeddingHead.requireModel(in: folder.path) },
      { _ = try Checkpoint(folder.path) },
    ] as [() throws -> Void] {
      let failure = #expect(throws: SVFTError.self) { try attempt() }
      #expect(failure?.kind == .unsupported)
      #expect(failure?.message.contains("\"0_Transformer\": give that folder") == true)
    }
  }

  private static let long = #"{"model_max_length": 24, "do_lower_case": true}"#

  @Test(
    arguments: [
      (
        ["sentence_bert_config.json": #"{"max_seq_length": 16}"#, "tokenizer_config.json": long], 16
      ),
      (["sentence_roberta_config.json": #"{"max_seq_length": 17}"#], 17),
      (["sentence_distilbert_config.json": #"{"max_seq_length": 18}"#], 18),
      (["sentence_camembert_config.json": #"{"max_seq_length": 19}"#], 19),
      (["sentence_albert_config.json": #"{"max_seq_length": 20}"#], 20),
      (["sentence_xlm-roberta_config.json": #"{"max_seq_length": 21}"#], 21),
      (["sentence_xlnet_config.json": #"{"max_seq_length": 22}"#], 22),
      (["tokenizer_config.json": long], 24),
      (
        ["sentence_bert_config.json": #"{"max_seq_length": null}"#, "tokenizer_config.json": long],
        24
      ),
      // The first file that is there counts, whatever the others say.
      (
        [
          "sentence_bert_config.json": "{}",
          "sentence_roberta_config.json": #"{"max_seq_length": 9}"#,
        ], nil
      ),
      (["tokenizer_config.json": #"{"model_max_length": 1000000000000000019884624838656}"#], nil),
      (["tokenizer_config.json": #"{"model_max_length": 1e30}"#], nil),
      (["tokenizer_config.json": #"{"model_max_length": -1}"#], nil),
      (["tokenizer_config.json": #"{"model_max_length": "many"}"#], nil),
      (["tokenizer_config.json": #"{"model_max_length": null}"#], nil), ([:], nil),
    ] as [([String: String], Int?)])
  func textsAreCutWhereTheFolderSaysSo(_ files: [String: String], _ expected: Int?) throws {
    #expect(
      try Self.head(files) == EmbeddingHead(.mean, normalizes: false, maximumTokens: expected))
  }

  @Test(arguments: [#"{"max_seq_length": 0}"#, #"{"max_seq_length": "8"}"#, "[1]"])
  func brokenLimitsAreNamed(_ text: String) throws {
    let failure = #expect(throws: SVFTError.self) {
      try Self.head(["sentence_roberta_config.json": text])
    }
    #expect(failure?.kind == .format)
    #expect(failure?.message.contains("sentence_roberta_config.json: ") == true)
  }

  private static let prompts = "config_sentence_transformers.json"

  @Test(
    arguments: [
      (#"{"prompts": {"a": "ask: ", "b": "tell: "}, "default_prompt_name": "a"}"#, "ask: "),
      (#"{"prompts": {"a": "ask: "}, "default_prompt_name": null}"#, ""),
      (#"{"prompts": {"a": "ask: "}}"#, ""), (#"{"default_prompt_name": "query"}"#, ""),
      (#"{"__version__": {"pytorch": "1.8.1"}}"#, ""),
    ])
  func theDefaultPromptIsThatOfItsName(_ text: String, _ expected: String) throws {
    let files = [Self.prompts: text, "p/config.json": #"{"include_prompt": true}"#]
    #expect(try Self.head(files) == EmbeddingHead(.mean, normalizes: false, prompt: expected))
  }

  @Test(
    arguments: [
      #"{"prompts": {"a": "ask: "}, "default_prompt_name": "c"}"#,
      #"{"prompts": {"a": 7}, "default_prompt_name": "a"}"#,
      #"{"prompts": ["a"], "default_prompt_name": "a"}"#, #"{"default_prompt_name": 1}"#, "7",
    ])
  func brokenPromptsAreNamed(_ text: String) throws {
    let failure = #expect(throws: SVFTError.self) { try Self.head([Self.prompts: text]) }
    #expect(failure?.kind == .format)
    #expect(failure?.message.contains(Self.prompts + ": ") == true, "\(failure?.message ?? "")")
  }

  @Test func aPromptThatMustNotCountIsRefused() throws {
    let pooling = ["p/config.json": #"{"include_prompt": false}"#]
    #expect(try Self.head(pooling) == EmbeddingHead(.mean, normalizes: false))
    let text = #"{"prompts": {"a": "ask: "}, "default_prompt_name": "a"}"#
    let failure = #expect(throws: SVFTError.self) {
      try Self.head(pooling.merging([Self.prompts: text]) { own, _ in own })
    }
    #expect(failure?.kind == .unsupported)
    #expect(failure?.message.contains("p/config.json: include_prompt") == true)
  }

  @Test func textsGetTheirPromptAndThenLowerCase() throws {
    let plain = EmbeddingHead(.mean, normalizes: true)
    #expect(plain.prepared("Ein Fuß") == "Ein Fuß")
    let asking = EmbeddingHead(.mean, normalizes: true, prompt: "Query: ")
    #expect(asking.prepared("Who?") == "Query: Who?")
    #expect(asking.prepared("") == "Query: ")
    let lower = try Self.head([
      "sentence_bert_config.json": #"{"do_lower_case": true}"#,
      Self.prompts: #"{"prompts": {"a": "Query: "}, "default_prompt_name": "a"}"#,
    ])
    #expect(lower.prepared("WHO is Élan?") == "query: who is élan?")
    // As Python lowers: İ becomes two, and a sigma is another one where a word ends.
    let texts = ["İ": "i\u{307}", "ΟΔΟΣ ΣΑΣ, Σ": "οδος σας, σ", "ΑΣ\u{301}Α": "ασ\u{301}α"]
    for (text, expected) in texts {
      let found = lower.prepared(text)
      #expect(Array(found.utf8) == Array(("query: " + expected).utf8), "\(found)")
    }
  }

  @Test(
    arguments: [
      EmbeddingHead(.cls, normalizes: true), EmbeddingHead(.last, normalizes: false),
      EmbeddingHead(EmbeddingHead.Pooling.allCases, normalizes: false),
      EmbeddingHead(.mean, normalizes: true, maximumTokens: 20, lowercases: true),
    ])
  func whatIsWrittenIsReadBack(_ head: EmbeddingHead) throws {
    let folder = try TemporaryFolder()
    for (name, json) in head.files(width: 32) {
      try FileSystem.makeFolder(#require(FileSystem.parent(folder.file(name))))
      try folder.write(name, json.text(.pretty))
    }
    #expect(try EmbeddingHead(folder: folder.path) == head)
    let list = try JSON.read(folder.file("modules.json")).array("list")
    #expect(list.count == (head.normalizes ? 3 : 2))
    let file = folder.file("1_Pooling/config.json")
    #expect(try JSON.read(file).root(file).int("word_embedding_dimension") == 32)
  }
}
