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
    "What we do not have is refused",
    arguments: [
      (#"{"pooling_mode_max_tokens": true}"#, ["Pooling"], SVFTError.Kind.unsupported),
      (#"{}"#, ["Pooling"], .unsupported),
      (#"{"pooling_mode_mean_tokens": 1}"#, ["Pooling"], .format),
      (#"{"pooling_mode_mean_tokens": true}"#, ["Pooling", "Dense"], .unsupported),
    ])
  func refusals(_ pooling: String, _ modules: [String], _ kind: SVFTError.Kind) throws {
    let folder = try Self.folder(pooling, modules: modules)
    #expect { _ = try Checkpoint(folder.path).load() } throws: { ($0 as? SVFTError)?.kind == kind }
  }

  @Test("A module's path stays inside the folder", arguments: ["../x", "..", "/etc", "a/b"])
  func paths(_ path: String) throws {
    let folder = try Self.folder("{}")
    try folder.write("modules.json", #"[{"path": "\#(path)", "type": "a.Pooling"}]"#)
    #expect { _ = try Checkpoint(folder.path).load() } throws: {
      ($0 as? SVFTError)?.kind == .format
    }
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
}
