// What is particular to LoRA: the paper's counts, scales, starts, and dropout.
import SVFTAdapters
import SVFTFormats
import SVFTLayers
import SVFTTensor
import TestKit
import Testing

@Suite struct LoRATests {
  @Test(arguments: CountRow.lora)
  func countsAreThoseOfThePaper(row: CountRow) {
    let total = row.total { rows, columns in row.d * (rows + columns) }
    #expect(total == row.count, "\(row.claim)")
  }

  @Test func parametersAreRankTimesBothWidths() throws {
    let model = try TinyChain()
    let method = try model.method([
      "method": "lora", "r": 3, "rank_pattern": ["q_proj": 5], "alpha_pattern": ["up_proj": 1.5],
    ])
    #expect(method.parameters.map(\.count) == [160, 160, 96, 72, 72, 96])
  }

  @Test func onlyBMovesInTheFirstStep() throws {
    let model = try TinyChain()
    let method = try model.method(["method": "lora", "r": 3])
    try AdapterSet.attach(method)
    try model.session(training: true).gradients()
    for parameter in method.parameters {
      let isB = parameter.name.hasSuffix("lora_B.weight")
      #expect(parameter.gradients.contains { $0 != 0 } == isB, "\(parameter.name)")
    }
  }

  @Test func scaleIsAlphaOverRankOrItsRoot() throws {
    let model = try TinyChain()
    func delta(_ root: Bool) throws -> Float {
      let method = try model.method([
        "method": "lora", "r": 4, "alpha": 6.0, "use_rslora": .bool(root), "targets": ["q_proj"],
      ])
      for parameter in method.parameters {
        for index in parameter.values.indices { parameter.values[index] = 1 }
      }
      var row = [Float](repeating: 0, count: 32)
      try method.addDelta(model.square, rows: 3..<4, scale: 1, to: &row)
      return row[7]
    }
    #expect(try delta(false) == 6)  // 4 ones times 6/4
    #expect(try delta(true) == 12)  // 4 ones times 6/2
  }

  @Test func startsFollowTheSeed() throws {
    let model = try TinyChain()
    func first(_ seed: Int) throws -> [Float] {
      let method = try model.method(["method": "lora", "seed": .integer(seed)])
      return Array(method.parameters[0].values)
    }
    #expect(try first(1) == first(1))
    #expect(try first(1) != first(2))
    let bound = 1 / Float(32).squareRoot()
    #expect(try first(1).allSatisfy { abs($0) <= bound })
  }

  /// What loading says of a saved adapter with other entries in its configuration, and with copies
  /// of whole weights in its file.
  private func loading(
    _ entries: KeyValuePairs<String, JSON>,
    copies: [(name: String, weight: Slot, scale: Float)] = []
  ) throws -> SVFTError? {
    let folder = try TemporaryFolder()
    let model = try TinyChain()
    let options: JSON = ["method": "lora", "r": 2, "targets": ["q_proj", "classifier"]]
    try AdapterFile.save(
      try model.method(options), options.root("options"), to: folder.path)
    let place = folder.file(AdapterFile.configurationName)
    var config = try JSON.read(place).root(place)
    config = JSON.Object(
      config.members.filter { $0.0 != "svft_sha256" }.map { (key: $0.0, value: $0.1) })
    for (key, value) in entries { config[key] = value }
    try folder.write(AdapterFile.configurationName, JSON.object(config).text(.pretty))
    let path = folder.file(AdapterFile.tensorsName)
    let file = try Safetensors(path, access: .copied)
    var tensors = try file.names.map { try OutgoingTensor(copying: $0, from: file) }
    for copy in copies {
      let values = try copy.weight.weight.decoded()
      for index in values.values(Float.self).indices {
        values.values(Float.self)[index] *= copy.scale
      }
      tensors.append(
        OutgoingTensor(
          "base_model.model.\(copy.name)", copy.weight.shape, try .named("F32"), bytes: values))
    }
    try SafetensorsWriter.write(path, tensors)
    do throws(SVFTError) {
      _ = try AdapterFile.load(AdapterContents(folder: folder.path), model.sites, model.factors)
      return nil
    } catch { return error }
  }

  @Test(arguments: ["pissa", "pissa_niter_16", "olora", "corda", "lora_ga", "OLoRA", "loftq"])
  func aStartThatChangedTheBaseIsRefused(_ start: String) throws {
    let error = try loading(["init_lora_weights": .string(start)])
    #expect(error?.kind == .unsupported)
    #expect(error?.message.contains(start) == true)
    #expect(error?.message.contains("path_initial_model") == (start != "loftq"))
  }

  @Test(arguments: [true, false, "gaussian", "eva", "orthogonal"] as [JSON])
  func otherStartsAreLoaded(_ start: JSON) throws {
    #expect(try loading(["init_lora_weights": start]) == nil)
  }

  @Test(arguments: [
    "alora_invocation_tokens", "use_qalora", "layer_replication", "lora_bias", "use_dora",
    "trainable_token_indices", "target_parameters",
  ])
  func whatChangesTheComputationIsRefusedByName(_ key: String) throws {
    let isFlag = key.hasPrefix("use") || key.hasSuffix("bias")
    let (on, off): (JSON, JSON) = isFlag ? (true, false) : ([1, 2], .null)
    let error = try loading([key: on])
    #expect(error?.kind == .unsupported)
    #expect(error?.message.contains(key) == true)
    #expect(error?.message.contains("merge_and_unload") == true)
    #expect(try loading([key: off]) == nil)
    #expect(try loading([key: []]) == nil)
  }

  @Test func copiesOfTheBaseThatNobodyTrainedAreLeftOut() throws {
    let head = try TinyChain().head.weight
    let name = "classifier.base_layer.weight"
    #expect(try loading([:], copies: [(name, head, 1)]) == nil)
    // Rounding of a 16-bit file.
    #expect(try loading([:], copies: [(name, head, 1.003)]) == nil)
    let other = try loading([:], copies: [(name, head, 1.1)])
    #expect(other?.kind == .mismatch)
    #expect(other?.message.contains("classifier") == true)
  }

  @Test func dropoutActsInTrainingOnly() throws {
    let model = try TinyChain()
    let method = try model.method(["method": "lora", "dropout": 0.5])
    method.disturb()
    try AdapterSet.attach(method)
    let plain = try model.session().outputs()
    let session = try model.session(training: true)
    let trained = try session.outputs()
    session.batch.training = false
    #expect(try session.outputs() == plain)
    #expect(trained != plain)
  }

  @Test(arguments: ["rank_pattern", "alpha_pattern"], ["q_prj", "classifier", "proj"])
  func aPatternThatNamesNoAdaptedModuleIsRefused(_ key: String, _ name: String) throws {
    let entries = JSON.object(JSON.Object([("q_proj", 5), (name, 7)]))
    let failure = #expect(throws: SVFTError.self) {
      try TinyChain().method(.object(JSON.Object([("method", "lora"), (key, entries)])))
    }
    #expect(failure?.kind == .mismatch)
    #expect(failure?.message.hasPrefix("\(key): ") == true)
    #expect(failure?.message.contains("found \"\(name)\", which names none") == true)
    #expect(failure?.message.hasSuffix("q_proj, up_proj, down_proj") == true)
  }

  @Test func idlePatternsOfASavedAdapterDoNoHarm() throws {
    let folder = try TemporaryFolder()
    let model = try TinyChain()
    let method = try model.method(["method": "lora", "r": 2, "rank_pattern": ["q_proj": 3]])
    try AdapterFile.save(method, JSON.Object(), to: folder.path)
    // As PEFT writes what it was given: without our hash, with a name that means nothing here.
    let place = folder.file(AdapterFile.configurationName)
    var config = JSON.Object(
      try JSON.read(place).root(place).members.filter { $0.0 != "svft_sha256" }.map { ($0.0, $0.1) }
    )
    config["rank_pattern"] = ["q_proj": 3, "v_proj": 9]
    try folder.write(AdapterFile.configurationName, JSON.object(config).text())
    let contents = try AdapterContents(folder: folder.path)
    let (loaded, _, _) = try AdapterFile.load(contents, model.sites, model.factors)
    #expect(loaded.parameters.map(\.count) == method.parameters.map(\.count))
  }
}
