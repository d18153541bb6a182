// Foreign spellings: a PEFT folder written by hand, not with our writer's habits.
import SVFTAdapters
import SVFTFormats
import SVFTLayers
import SVFTTensor
import TestKit
import Testing

@Suite struct AdapterContentsTests {
  private let config = #"{"peft_type":"LORA","r":1,"lora_alpha":2,"target_modules":["q_proj"]}"#

  /// A folder with LoRA of rank 1 on q_proj, its keys as given, A in F16 where asked for.
  private func folder(
    _ a: String, _ b: String, half: Bool = false, config: String? = nil
  ) throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    try folder.write("adapter_config.json", config ?? self.config)
    let format = half ? "F16" : "F32"
    let values = try Buffer(byteCount: 32 * (half ? 2 : 4))
    let ones = [Float](repeating: 1, count: 32)
    let encoder = try #require(ElementFormats.named(format))
    encoder.encode(ones, count: 32, into: values.pointer)
    let type = try StoredType.named(format)
    try SafetensorsWriter.write(
      folder.file("adapter_model.safetensors"),
      [
        OutgoingTensor(a, [1, 32], type, bytes: values),
        OutgoingTensor(b, [32, 1], type, bytes: values),
      ])
    return folder
  }

  @Test func pyTorchsFileIsRefusedWithTheAdviceToConvertIt() throws {
    let folder = try TemporaryFolder()
    try folder.write("adapter_config.json", config)
    try folder.write("adapter_model.bin", "x")
    let error = #expect(throws: SVFTError.self) { try AdapterContents(folder: folder.path) }
    #expect(error?.kind == .io && error?.message.contains("convert it to safetensors") == true)
  }

  @Test(
    arguments: [
      "base_model.model.body.layers.0.q_proj.lora_",
      "base_model.model.layers.0.q_proj.lora_",
      "base_model.model.model.body.layers.0.q_proj.lora_",
    ], ["weight", "default.weight"])
  func spellingsOfTheSameModuleAreFound(module: String, end: String) throws {
    let folder = try folder("\(module)A.\(end)", "\(module)B.\(end)", half: true)
    let model = try TinyChain()
    let (method, options, _) = try AdapterFile.load(
      AdapterContents(folder: folder.path), model.sites, model.factors)
    #expect(options["method"] == "lora")
    #expect(method.projections.map(\.name) == ["body.layers.0.q_proj"])
    #expect(method.parameters.allSatisfy { $0.values.allSatisfy { $0 == 1 } })
    var row = [Float](repeating: 0, count: 32)
    try method.addDelta(model.square, rows: 0..<1, scale: 1, to: &row)
    #expect(row == [Float](repeating: 2, count: 32))
  }

  @Test(arguments: ["model.language_model.", "language_model.model.", "model."])
  func aDecoderWithinALargerModelIsFound(_ start: String) throws {
    let weight = try TinyChain().sites.projections[0].weight
    let module = "model.layers.0.q_proj"
    let projection = Projection(name: module, weight: weight, bias: nil)
    let names = ModuleNames(ModelSites(projections: [projection], heads: [], slots: []))
    let found = names.split("base_model.model.\(start)layers.0.q_proj.lora_A.weight")
    #expect(found?.module == module && found?.rest == "lora_A.weight")
    #expect(names.split("base_model.model.model.vision_tower.layers.0.q_proj.lora_A.weight") == nil)
  }

  /// It says how the base lies in PEFT's memory.
  @Test func matricesThatLieAsTheirTransposesHaveTheSameFactors() throws {
    let q = "base_model.model.body.layers.0.q_proj.lora_"
    let folder = try folder(
      "\(q)A.weight", "\(q)B.weight",
      config: #"{"peft_type":"LORA","fan_in_fan_out":true,"r":1,"lora_alpha":2}"#)
    let model = try TinyChain()
    let (method, _, _) = try AdapterFile.load(
      AdapterContents(folder: folder.path), model.sites, model.factors)
    var row = [Float](repeating: 0, count: 32)
    try method.addDelta(model.square, rows: 0..<1, scale: 1, to: &row)
    #expect(row == [Float](repeating: 2, count: 32))
  }

  @Test(arguments: [
    (#"{"peft_type":"LOHA"}"#, SVFTError.Kind.unsupported),
    (#"{"peft_type":"LORA","use_dora":true,"r":1}"#, .unsupported),
    (#"{"peft_type":"LORA","r":2}"#, .shape),
    (#"{"peft_type":"LORA","r":1,"target_modules":["q_proj","up_proj"]}"#, .format),
    (#"{"peft_type":"LORA","r":"x"}"#, .format),
    (#"{"r":1}"#, .format),
    (#"[]"#, .format),
    (#"{"peft_type":"SVFT"}"#, .mismatch),
  ])
  func configurationsThatDoNotFitAreRefused(config: String, kind: SVFTError.Kind) throws {
    let q = "base_model.model.body.layers.0.q_proj.lora_"
    let folder = try folder("\(q)A.weight", "\(q)B.weight", config: config)
    let model = try TinyChain()
    do {
      _ = try AdapterFile.load(
        AdapterContents(folder: folder.path), model.sites, model.factors)
      Issue.record("\(config) was accepted")
    } catch { #expect(error.kind == kind, "\(error.message)") }
  }

  @Test func pathsThatAreNearlyAnAdaptersSayWhatToGive() throws {
    let folder = try folder("a", "b", config: "{}")
    func message(_ path: String) -> String {
      let error = #expect(throws: SVFTError.self) { try AdapterContents(folder: path) }
      #expect(error?.kind == .io)
      return error?.message ?? ""
    }
    let file = folder.file("adapter_model.safetensors")
    #expect(message(file).contains("a file: give its folder, \(folder.path)"))
    #expect(message(FileSystem.join(folder.path, "none")).contains("found nothing"))
    let above = try TemporaryFolder()
    #expect(message(above.path).contains("no adapter_config.json in it"))
    try FileSystem.makeFolder(above.file("checkpoint-3"))
    try above.write("checkpoint-3/adapter_config.json", "{}")
    #expect(message(above.path).contains("one in the folder checkpoint-3 below it"))
    try above.write("config.json", "{}")
    #expect(message(above.path).contains("found a model: give an adapter"))
    try above.write("lora.gguf", "GGUF")
    #expect(message(above.file("lora.gguf")).contains("a file: import it"))
  }

  @Test func missingFilesAreIOErrors() throws {
    let folder = try TemporaryFolder()
    #expect(throws: SVFTError.self) { try AdapterContents(folder: folder.path) }
    #expect(throws: SVFTError.self) { try AdapterContents(folder: folder.file("none")) }
  }
}
