// Two files, one adapter: what a killed process leaves between them is recognised, and the adapter
// that was whole before still loads.
import SVFTAdapters
import SVFTFormats
import SVFTLayers
import SVFTTensor
import TestKit
import Testing

@Suite struct AdapterSealTests {
  /// Two saved adapters of one shape that differ in numbers and in what their numbers mean.
  private struct Pair {
    let folder: TemporaryFolder
    let model: TinyChain

    init() throws {
      folder = try TemporaryFolder()
      model = try TinyChain()
      for (name, alpha) in [("first", 8.0), ("second", 2.0)] {
        let method = try model.method(["method": "lora", "r": 4, "alpha": .number(alpha)])
        method.disturb()
        for parameter in method.parameters { parameter.values[0] = Float(alpha) }
        try AdapterFile.save(method, JSON.Object(), to: folder.file(name))
      }
    }

    /// A folder with the configuration of one and the tensors of the other.
    func mixed(_ configuration: String, _ tensors: String) throws -> String {
      try FileSystem.makeFolder(folder.file("mixed"))
      for (name, from) in [
        (AdapterFile.configurationName, configuration), (AdapterFile.tensorsName, tensors),
      ] {
        try folder.write("mixed/\(name)", FileSystem.read(folder.file("\(from)/\(name)")).array)
      }
      return folder.file("mixed")
    }

    /// Everything that a folder's adapter adds, and its strength.
    func loaded(_ path: String) throws -> [[Float]] {
      let (method, _, _) = try AdapterFile.load(
        AdapterContents(folder: path), model.sites, FactorStore())
      let alpha = try method.configuration.double("lora_alpha")
      return method.parameters.map { Array($0.values) } + [[Float(alpha)]]
    }
  }

  @Test func anInterruptedSaveLeavesTheEarlierAdapter() throws {
    let pair = try Pair()
    let first = try pair.loaded(pair.folder.file("first"))
    #expect(try first != pair.loaded(pair.folder.file("second")))
    // The configuration is renamed first: killed there, the folder has the later one's.
    #expect(try pair.loaded(pair.mixed("second", "first")) == first)
    #expect(try pair.loaded(pair.mixed("first", "first")) == first)
  }

  @Test func changedNumbersAreRefused() throws {
    let pair = try Pair()
    let path = pair.folder.file("first/" + AdapterFile.tensorsName)
    var bytes = try FileSystem.read(path).array
    bytes[bytes.count - 1] ^= 1
    try pair.folder.write("first/" + AdapterFile.tensorsName, bytes)
    for folder in [pair.folder.file("first"), try pair.mixed("second", "first")] {
      do {
        _ = try AdapterContents(folder: folder)
        Issue.record("changed tensors were taken")
      } catch {
        #expect(error.kind == .format)
        #expect(error.message.contains(AdapterFile.tensorsName))
      }
    }
  }

  @Test func aConfigurationWithoutASealIsBelieved() throws {
    let pair = try Pair()
    let path = pair.folder.file("first/" + AdapterFile.configurationName)
    var config = try JSON.read(path).root(path)
    let kept = config.members.filter { $0.0 != "svft_sha256" }
    #expect(config.has("svft_sha256"))
    config = JSON.Object(kept.map { (key: $0.0, value: $0.1) })
    config["lora_alpha"] = 1.0
    try pair.folder.write(
      "first/" + AdapterFile.configurationName, JSON.object(config).text(.pretty))
    #expect(try pair.loaded(pair.folder.file("first")).last == [1])
  }
}
