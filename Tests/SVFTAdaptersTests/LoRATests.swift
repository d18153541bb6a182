// What is particular to LoRA: the paper's counts, scales, starts, and dropout.
import SVFTAdapters
import SVFTFormats
import SVFTLayers
import SVFTTensor
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
}
