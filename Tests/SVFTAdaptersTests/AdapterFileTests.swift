// Adapters on disk: what is saved comes back bit for bit, PEFT finds its keys, and what is broken
// is refused by name.
import SVFTAdapters
import SVFTFormats
import SVFTLayers
import SVFTTensor
import TestKit
import Testing

@Suite struct AdapterFileTests {
  @Test(arguments: TinyOptions.all)
  func savedAndLoadedIsIdentical(options: JSON) throws {
    let folder = try TemporaryFolder()
    let model = try TinyChain(interleaved: true)
    let method = try model.method(options)
    method.disturb()
    let object = try options.root("options")
    var company = AdapterFile.Company()
    company.entries = JSON.Object([("task_type", "X")])
    try AdapterFile.save(method, object, to: folder.file("a"), with: company)
    let contents = try AdapterContents(folder: folder.file("a"))
    #expect(contents.configuration["task_type"] == "X")
    let (loaded, again, _) = try AdapterFile.load(contents, model.sites, model.factors)
    #expect(method.allParameters.map(\.name) == loaded.allParameters.map(\.name))
    for (one, other) in zip(method.allParameters, loaded.allParameters) {
      #expect(Array(one.values) == Array(other.values), "\(one.name)")
    }
    try AdapterFile.save(loaded, again, to: folder.file("b"), with: company)
    for name in [AdapterFile.tensorsName] {
      let first = try FileSystem.read(folder.file("a/\(name)"))
      let second = try FileSystem.read(folder.file("b/\(name)"))
      #expect(first.array == second.array)
    }
    // The options that come back make the same method.
    let fresh = try model.method(.object(again))
    #expect(fresh.allParameters.map(\.count) == method.allParameters.map(\.count))
  }

  @Test func loraIsWrittenAsPEFTReadsIt() throws {
    let folder = try TemporaryFolder()
    let model = try TinyChain()
    let options: JSON = [
      "method": "lora", "r": 4, "alpha": 8.0, "targets": ["q_proj", "up_proj"],
      "modules_to_save": ["classifier"],
    ]
    let method = try model.method(options)
    try AdapterFile.save(method, try options.root("options"), to: folder.path)
    let file = try Safetensors(folder.file(AdapterFile.tensorsName))
    let prefix = "base_model.model."
    let q = prefix + "body.layers.0.q_proj.lora_"
    #expect(
      Set(file.names) == [
        q + "A.weight", q + "B.weight", prefix + "body.layers.0.up_proj.lora_A.weight",
        prefix + "body.layers.0.up_proj.lora_B.weight", prefix + "classifier.weight",
        prefix + "classifier.bias",
      ])
    #expect(try file.require(prefix + "body.layers.0.up_proj.lora_A.weight").shape == [4, 32])
    #expect(try file.require(prefix + "body.layers.0.up_proj.lora_B.weight").shape == [24, 4])
    let contents = try AdapterContents(folder: folder.path)
    #expect(contents.configuration["peft_type"] == "LORA")
    #expect(contents.configuration["r"] == 4)
    #expect(try contents.configuration.strings("modules_to_save") == ["classifier"])
  }

  @Test func oneBrokenTensorIsRefusedByName() throws {
    let folder = try TemporaryFolder()
    let model = try TinyChain()
    let method = try model.method(["method": "lora", "r": 2])
    try AdapterFile.save(method, JSON.Object(), to: folder.path)
    let path = folder.file(AdapterFile.tensorsName)
    func attempt(
      target: String? = nil, _ change: ([OutgoingTensor]) throws -> [OutgoingTensor]
    ) throws -> SVFTError? {
      try AdapterFile.save(method, JSON.Object(), to: folder.path)
      // As other programs write it: without the hash that would tell of any change.
      let place = folder.file(AdapterFile.configurationName)
      let left = target == nil ? ["svft_sha256"] : ["svft_sha256", "target_modules"]
      var config = try JSON.read(place).root(place).members.filter { !left.contains($0.0) }
      if let target { config.append(("target_modules", ["q_proj", .string(target)])) }
      try folder.write(
        AdapterFile.configurationName,
        JSON.object(JSON.Object(config.map { (key: $0.0, value: $0.1) })).text(.pretty))
      let file = try Safetensors(path, access: .copied)
      try SafetensorsWriter.write(
        path, change(file.names.map { try OutgoingTensor(copying: $0, from: file) }))
      do {
        _ = try AdapterFile.load(AdapterContents(folder: folder.path), model.sites, model.factors)
        return nil
      } catch { return error }
    }
    let f32 = try StoredType.named("F32")
    let zero = try Buffer(byteCount: 4)
    let key = "base_model.model.body.layers.0.q_proj.lora_A.weight"
    #expect(try attempt { $0 } == nil)
    let missing = try attempt { $0.filter { $0.name != key } }
    #expect(missing?.kind == .format)
    #expect(missing?.message.contains("q_proj.lora_A.weight") == true)
    let extra = try attempt {
      $0 + [OutgoingTensor("base_model.model.body.layers.0.q_proj.strange", [1], f32, bytes: zero)]
    }
    #expect(extra?.kind == .format)
    #expect(extra?.message.contains("strange") == true)
    let foreign = try attempt { $0 + [OutgoingTensor("other.model.x", [1], f32, bytes: zero)] }
    #expect(foreign?.kind == .mismatch)
    let shape = try attempt {
      $0.map { $0.name == key ? OutgoingTensor(key, [1], f32, bytes: zero) : $0 }
    }
    #expect(shape?.kind == .shape)
    let table = OutgoingTensor(
      "base_model.model.classifier.lora_embedding_A", [1], f32, bytes: zero)
    let embedding = try attempt(target: "classifier") { $0 + [table] }
    #expect(embedding?.kind == .unsupported)
    #expect(embedding?.message.contains("on the embedding \"classifier\"") == true)
    #expect(try attempt(target: "nothing") { $0 }?.kind == .format)
    let broken = try Buffer(of: Float.self, count: 64)
    broken.values(Float.self)[5] = .nan
    let number = try attempt {
      $0.map { $0.name == key ? OutgoingTensor(key, [2, 32], f32, bytes: broken) : $0 }
    }
    #expect(number?.kind == .nonFinite)
  }

  /// What the configuration says wrongly is a fault of the file, which is named.
  @Test(arguments: [
    ("svft_d", "x" as JSON), ("svft_d", -1), ("svft_pattern", "stripes"), ("svft_bases", 7),
    ("peft_type", 1),
  ])
  func aBrokenConfigurationIsNamed(_ key: String, _ value: JSON) throws {
    let folder = try TemporaryFolder()
    let model = try TinyChain()
    let method = try model.method(["method": "svft", "pattern": "banded", "d": 2])
    try AdapterFile.save(method, JSON.Object(), to: folder.path)
    let place = folder.file(AdapterFile.configurationName)
    var config = try JSON.read(place).root(place)
    (config[key], config["svft_sha256"]) = (value, nil)
    try folder.write(AdapterFile.configurationName, JSON.object(config).text(.pretty))
    let error = #expect(throws: SVFTError.self) {
      try AdapterFile.load(AdapterContents(folder: folder.path), model.sites, model.factors)
    }
    #expect([.format, .unsupported].contains(error?.kind), "\(error?.message ?? "")")
    #expect(error?.message.contains(folder.path) == true, "\(error?.message ?? "")")
  }

  @Test func numbersThatAreNoneAreNotWritten() throws {
    let folder = try TemporaryFolder()
    let method = try TinyChain().method(["method": "lora"])
    method.parameters[0].values[3] = .infinity
    #expect(throws: SVFTError.self) {
      try AdapterFile.save(method, JSON.Object(), to: folder.file("a"))
    }
    #expect(try FileSystem.kind(folder.file("a")) == nil)
  }
}
