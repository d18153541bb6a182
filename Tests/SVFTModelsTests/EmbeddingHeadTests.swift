// How a sequence becomes a vector: folders of sentence-transformers, GGUF metadata, families.
import SVFTFormats
import SVFTLayers
import SVFTModels
import SVFTTensor
import TestKit
import Testing

@Suite("EmbeddingHead")
struct EmbeddingHeadTests {
  private static func folder(_ pooling: String, modules: [String] = ["Pooling", "Normalize"]) throws
    -> TemporaryFolder
  {
    let folder = try TemporaryFolder()
    try TinyModel.bert().write(folder: folder.path)
    let list = modules.enumerated().map { number, name in
      #"{"idx": \#(number), "path": "\#(number)_\#(name)", "type": "sentence.models.\#(name)"}"#
    }
    try folder.write("modules.json", "[" + list.joined(separator: ",") + "]")
    try FileSystem.makeFolder(folder.file("0_Pooling"))
    try folder.write("0_Pooling/config.json", pooling)
    return folder
  }

  @Test(
    "The folder's modules decide",
    arguments: [
      (#"{"pooling_mode_cls_token": true}"#, ["Pooling"], EmbeddingHead(.cls, normalizes: false)),
      (
        #"{"pooling_mode_mean_tokens": true, "pooling_mode_cls_token": false}"#,
        ["Pooling", "Normalize"], EmbeddingHead(.mean, normalizes: true)
      ),
      (
        #"{"pooling_mode_lasttoken": true}"#, ["Pooling", "Normalize"],
        EmbeddingHead(.last, normalizes: true)
      ),
      // The mean is sentence-transformers' own choice, and dropping out is for training.
      (
        #"{"word_embedding_dimension": 32}"#, ["Pooling", "Dropout"],
        EmbeddingHead(.mean, normalizes: false)
      ),
      (
        #"{"pooling_mode": "CLS", "pooling_mode_mean_tokens": true}"#, ["Pooling"],
        EmbeddingHead(.cls, normalizes: false)
      ),
      (#"{"pooling_mode": "lasttoken"}"#, ["Pooling"], EmbeddingHead(.last, normalizes: false)),
      (#"{"pooling_mode": ["mean"]}"#, ["Pooling"], EmbeddingHead(.mean, normalizes: false)),
      // Words stand in the order given, switches in that of sentence-transformers.
      (
        #"{"pooling_mode": ["max", "cls", "max"]}"#, ["Pooling"],
        EmbeddingHead([.max, .cls, .max], normalizes: false)
      ),
      (
        #"{"pooling_mode_mean_tokens": true, "pooling_mode_cls_token": true}"#, ["Pooling"],
        EmbeddingHead([.cls, .mean], normalizes: false)
      ),
    ])
  func modules(_ pooling: String, _ modules: [String], _ expected: EmbeddingHead) throws {
    let folder = try Self.folder(pooling, modules: modules)
    #expect(try Checkpoint(folder.path).load().embeddingHead == expected)
  }

  @Test("Where nobody says, encoders average and decoders take the last token")
  func usual() throws {
    let folder = try TemporaryFolder()
    try TinyModel.bert().write(folder: folder.file("b"))
    try TinyModel.llama().write(folder: folder.file("l"))
    #expect(
      try Checkpoint(folder.file("b")).load().embeddingHead
        == EmbeddingHead(.mean, normalizes: true))
    #expect(
      try Checkpoint(folder.file("l")).load().embeddingHead
        == EmbeddingHead(.last, normalizes: true))
  }

  @Test(
    "What we do not have is refused by its name",
    arguments: [
      (
        #"{"pooling_mode_mean_tokens": true, "pooling_mode_median_tokens": true}"#, "Pooling",
        "pooling_mode_median_tokens is not supported"
      ),
      (#"{"pooling_mode": "median"}"#, "Pooling", "pooling_mode \"median\""),
      (#"{"pooling_mode": ["cls", "median"]}"#, "Pooling", "pooling_mode \"median\""),
      (#"{"pooling_mode": []}"#, "Pooling", "expected 1 to 6 modes, found 0"),
      (
        #"{"pooling_mode": ["cls", "cls", "cls", "cls", "cls", "cls", "cls"]}"#, "Pooling",
        "expected 1 to 6 modes, found 7"
      ),
      (#"{"pooling_mode_mean_tokens": false}"#, "Pooling", "expected a pooling mode, found none"),
      (#"{"pooling_mode_mean_tokens": true}"#, "LayerNorm", "the module \"LayerNorm\""),
    ])
  func refusals(_ pooling: String, _ module: String, _ words: String) throws {
    let folder = try Self.folder(pooling, modules: ["Pooling", module])
    let failure = #expect(throws: SVFTError.self) { try Checkpoint(folder.path).load() }
    #expect(failure?.kind == .unsupported)
    #expect(failure?.message.contains(words) == true, "\(failure?.message ?? "")")
  }

  @Test(
    "Broken settings are named with their file",
    arguments: [
      #"{"pooling_mode_mean_tokens": 1}"#, #"{"pooling_mode": [1]}"#, #"{"pooling_mode": 1}"#,
      #"{"include_prompt": "no"}"#, "[]",
    ])
  func broken(_ pooling: String) throws {
    let folder = try Self.folder(pooling)
    let failure = #expect(throws: SVFTError.self) { try Checkpoint(folder.path).load() }
    #expect(failure?.kind == .format)
    #expect(failure?.message.contains("0_Pooling/config.json: ") == true)
  }

  @Test(
    "A GGUF file cannot hold what is not the pooling",
    arguments: [
      (EmbeddingHead(.cls, normalizes: true), []),
      (EmbeddingHead(.mean, normalizes: false), ["length"]),
      (EmbeddingHead(.rootMean, normalizes: true), ["pooling by mean_sqrt_len_tokens"]),
      (EmbeddingHead([.cls, .mean], normalizes: true), ["pooling by cls and mean"]),
      (EmbeddingHead(.mean, normalizes: true, maximumTokens: 64), []),
      (
        EmbeddingHead(
          .mean, normalizes: true, maximumTokens: 20, prompt: "query: ", lowercases: true),
        ["\"query: \"", "lower case", "20 tokens"]
      ),
    ] as [(EmbeddingHead, [String])])
  func losses(_ head: EmbeddingHead, _ words: [String]) {
    let losses = head.losses(context: 64)
    #expect(losses.count == words.count)
    for (loss, word) in zip(losses, words) { #expect(loss.contains(word), "\(loss)") }
  }

  @Test("Pooling survives GGUF metadata", arguments: [EmbeddingHead.Pooling.mean, .cls, .last])
  func metadata(_ pooling: EmbeddingHead.Pooling) throws {
    let head = EmbeddingHead(pooling, normalizes: true)
    let folder = try TemporaryFolder()
    let list = try head.metadata("bert") + [(key: "general.architecture", value: .string("bert"))]
    try GGUFWriter.write(folder.file("m.gguf"), [], metadata: list)
    let hyper = try Hyperparameters(GGUF(folder.file("m.gguf")))
    #expect(try EmbeddingHead(gguf: hyper) == head)
  }

  @Test("What GGUF metadata cannot say is left to the reader")
  func unsaid() throws {
    let list = try EmbeddingHead([.cls, .mean], normalizes: true).metadata("bert")
    #expect(list.map(\.key) == ["bert.pooling_type"])
    let folder = try TemporaryFolder()
    try GGUFWriter.write(
      folder.file("m.gguf"), [],
      metadata: list + [(key: "general.architecture", value: .string("bert"))])
    let hyper = try Hyperparameters(GGUF(folder.file("m.gguf")))
    #expect(try EmbeddingHead(gguf: hyper) == nil)
  }
}
