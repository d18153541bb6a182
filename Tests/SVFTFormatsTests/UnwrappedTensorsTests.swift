// Names of wrappers before every tensor's are taken away, those before some are left.
import SVFTFormats
import SVFTTensor
import TestKit
import Testing

@Suite struct UnwrappedTensorsTests {
  private func open(_ names: [String]) throws -> any TensorSource {
    let folder = try TemporaryFolder()
    let members = names.enumerated().map { place, name in
      "\"\(name)\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[\(place),\(place + 1)]}"
    }
    let header = "{" + members.joined(separator: ",") + "}"
    let data = names.indices.map { UInt8($0) }
    let path = try folder.write("x", HostileFiles.safetensors(header, data: data))
    return UnwrappedTensors.open(try Safetensors(path))
  }

  @Test(arguments: [
    ["module.a.w", "module.b"], ["_orig_mod.a.w", "_orig_mod.b"],
    ["base_model.model.a.w", "base_model.model.b"],
    ["module._orig_mod.a.w", "module._orig_mod.b"], ["a.w", "b"],
  ])
  func whatAllNamesShareIsNoneOfTheModels(_ names: [String]) throws {
    let source = try open(names)
    #expect(source.names == ["a.w", "b"])
    #expect(source.entries.map(\.name) == source.names)
    for (place, name) in source.names.enumerated() {
      #expect(try source.bytes(name).array == [UInt8(place)])
    }
    #expect(source.origin("b")?.hasSuffix(names[1]) ?? true)
    try source.releasePages()
    #expect(source.entry(names[0]) == nil || names[0] == "a.w")
  }

  @Test(arguments: [["module.a", "b"], ["model.module.a"], ["modules.a"], []])
  func otherNamesStayAsTheyAre(_ names: [String]) throws {
    #expect(try open(names).names == names)
  }
}
