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
    let (loaded, _) = try AdapterFile.load(contents, model.sites, model.factors)
    #expect(loaded.parameters.map(\.count) == method.parameters.map(\.count))
  }
}
