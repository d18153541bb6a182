// Second names of modules: of tensors too, in rules, and in files.
import SVFTAdapters
import SVFTFormats
import SVFTLayers
import SVFTTensor
import TestKit
import Testing

@Suite struct ModuleAliasesTests {
  private let aliases = ModuleAliases(["body.a.b": "body.x", "body.a": "body.z"])

  @Test(arguments: [
    ("body.a.b", "body.x"), ("body.a.b.lora_A.weight", "body.x.lora_A.weight"),
    ("body.a.weight", "body.z.weight"), ("body.ab.weight", "body.ab.weight"), ("body", "body"),
    ("", ""),
  ])
  func theLongestNameThatFitsIsReplaced(_ name: String, _ expected: String) {
    #expect(aliases.spelled(name) == expected)
    #expect(ModuleAliases().spelled(name) == name)
  }

  @Test func anAdapterIsSavedAndFoundByThem() throws {
    let (model, folder) = (try TinyChain(), try TemporaryFolder())
    let name = model.sites.projections[0].name
    let aliases = ModuleAliases([name: "other.name"])
    let sites = ModelSites(
      projections: model.sites.projections, heads: model.sites.heads, slots: model.sites.slots,
      aliases: aliases)
    let object = JSON.Object([("method", "lora"), ("r", 2), ("targets", ["name"])])
    let options = try AdapterOptions(.object(object))
    let method = try options.method().init(options, sites, model.factors)
    #expect(method.projections.map(\.name) == [name])
    var company = AdapterFile.Company()
    company.aliases = aliases
    try AdapterFile.save(method, object, to: folder.path, with: company)
    let contents = try AdapterContents(folder: folder.path)
    #expect(try contents.configuration.strings("target_modules") == ["other.name"])
    let file = try Safetensors(folder.file(AdapterFile.tensorsName))
    #expect(file.names.allSatisfy { $0.hasPrefix("base_model.model.other.name.lora_") })
    let loaded = try AdapterFile.load(contents, sites, model.factors).method
    #expect(loaded.projections.map(\.name) == [name])
    #expect(throws: SVFTError.self) {
      try AdapterFile.load(contents, model.sites, model.factors)
    }
  }
}
