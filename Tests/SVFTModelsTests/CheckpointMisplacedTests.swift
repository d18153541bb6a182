// Paths that are nearly a model's: the error says what lies there and what to give.
import SVFTFormats
import SVFTModels
import SVFTTensor
import TestKit
import Testing

@Suite("Checkpoint: misplaced")
struct CheckpointMisplacedTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// The sentence that refuses a path of the folder.
  private func message(_ name: String = "") -> String {
    let path = name.isEmpty ? folder.path : folder.file(name)
    return #expect(throws: SVFTError.self) { try Checkpoint(path) }?.message ?? ""
  }

  private func write(_ name: String, _ text: String) throws {
    try FileSystem.makeFolder(FileSystem.parent(folder.file(name)) ?? "/")
    try folder.write(name, text)
  }

  @Test("An adapter in place of its model names the model", arguments: [true, false])
  func adapter(_ namesBase: Bool) throws {
    try write(
      "adapter_config.json", namesBase ? #"{"base_model_name_or_path": "maker/tiny"}"# : "x")
    #expect(message().contains("found an adapter: give the model it was trained on"))
    #expect(message().contains("maker/tiny") == namesBase)
    // Some programs write the model's config.json beside it.
    try write("config.json", #"{"model_type": "llama"}"#)
    #expect(message().contains("found an adapter: give the model it was trained on"))
  }

  @Test("A file of a model's folder names the folder")
  func file() throws {
    try TinyModel.llama().write(folder: folder.file("m"))
    for name in ["model.safetensors", "config.json"] {
      #expect(message("m/" + name).contains("give its folder, \(folder.file("m"))"))
    }
    try write("a/adapter_config.json", "{}")
    try folder.write("a/adapter_model.safetensors", HostileFiles.validSafetensors)
    #expect(message("a/adapter_model.safetensors").contains("\(folder.file("a")) as the adapter"))
    try folder.write("alone.safetensors", HostileFiles.validSafetensors)
    #expect(message("alone.safetensors").contains("without the config.json"))
  }

  @Test("A cache folder of the hub names its snapshot")
  func hubCache() throws {
    try write("refs/main", "bbb")
    try write("snapshots/aaa/README.md", "x")
    #expect(message().contains("without a whole model: download it again"))
    try write("snapshots/ccc/config.json", "{}")
    #expect(message().contains("give its snapshot, \(folder.file("snapshots/ccc"))"))
    try write("snapshots/bbb/config.json", "{}")
    #expect(message().contains("give its snapshot, \(folder.file("snapshots/bbb"))"))
  }

  @Test("Folders above a model, empty ones and others")
  func others() throws {
    #expect(message().contains("found an empty folder"))
    try write("notes.txt", "x")
    #expect(message().contains("found no config.json in it"))
    try write("params.json", "{}")
    #expect(message().contains("found params.json, of a model as its makers keep it"))
    try TinyModel.llama().write(folder: folder.file("checkpoint-7"))
    #expect(message().contains("a model in the folder checkpoint-7 below it: give that folder"))
    try write("b.gguf", "x")
    #expect(message().contains("found b.gguf: give that file"))
    try write("a.gguf", "x")
    #expect(message().contains("found 2 .gguf files: give one, say a.gguf"))
    // With a configuration, its weights are what is missed.
    try write("config.json", #"{"model_type": "llama"}"#)
    #expect(message().contains("expected model.safetensors"))
  }

  @Test("An adapter in a GGUF file is no model")
  func ggufAdapter() throws {
    try GGUFWriter.write(
      folder.file("lora.gguf"), [],
      metadata: [("general.architecture", .string("llama")), ("adapter.type", .string("lora"))])
    #expect(message("lora.gguf").contains("expected a model, found an adapter"))
  }
}
