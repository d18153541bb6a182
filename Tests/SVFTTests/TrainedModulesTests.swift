// Modules that PEFT trains in full beside LoRA: what is tied stays so or is refused, and matrices
// lie as folders of the family hold them.
import SVFT
import SVFTFormats
import SVFTTensor
import TestKit
import Testing

@Suite struct TrainedModulesTests {
  private static let fixtures = SharedData.packageRoot + "/Tests/Fixtures/"

  private func model(_ family: String) throws -> Model {
    var options = ModelOptions()
    (options.threads, options.precision) = (1, .f32)
    return try Model(path: Self.fixtures + "families/" + family, options: options)
  }

  @Test(arguments: [("tied", "llama-llama3"), ("transposed", "gpt2")])
  func whatPEFTTrainedGivesItsLogitsAndIsSavedAlike(_ name: String, _ family: String) throws {
    let folder = Self.fixtures + "peft-trained/" + name
    let golden = try JSON.read(folder + "/golden.json").root("golden")
    let ids = try golden.ints("ids").map { Int32($0) }
    let expected = try golden.doubles("logits").map { Float($0) }
    let model = try model(family)
    let adapter = try model.loadAdapter(folder)
    let found = Array(try model.logits(ids).suffix(expected.count))
    #expect(relativeDistance(expected, found) < 1e-4)
    let out = try TemporaryFolder()
    try adapter.save(to: out.file("again"))
    let again = try self.model(family)
    _ = try again.loadAdapter(out.file("again"))
    #expect(try again.logits(ids) == model.logits(ids))
    // PEFT finds the tensors that it wrote, of the same shapes.
    func shapes(_ path: String) throws -> [String: [Int]] {
      let file = try Safetensors(path + "/adapter_model.safetensors")
      return Dictionary(uniqueKeysWithValues: file.entries.map { ($0.name, $0.shape) })
    }
    #expect(try shapes(out.file("again")) == shapes(folder))
    let config = try JSON.read(out.file("again/adapter_config.json")).root("config")
    #expect(try config.bool("ensure_weight_tying", default: false) == (name == "tied"))
  }

  @Test(arguments: ["embedding", "both"])
  func oneOfTwoThatAreTiedCannotChangeAlone(_ name: String) throws {
    let model = try model("llama-llama3")
    let failure = #expect(throws: SVFTError.self) {
      try model.loadAdapter(Self.fixtures + "peft-trained/" + name)
    }
    #expect(failure?.kind == .unsupported)
    #expect(failure?.message.contains("ensure_weight_tying") == true)
    #expect(try model.attachedAdapters.isEmpty)
  }
}
