// Class heads, stored and fresh, against their formula.
import SVFTFormats
import SVFTLayers
import SVFTModels
import SVFTTensor
import TestKit
import Testing

@Suite("ClassHead")
struct ClassHeadTests {
  private static func load(_ model: TinyModel) throws -> LoadedModel {
    let folder = try TemporaryFolder()
    try model.write(folder: folder.path)
    return try Checkpoint(folder.path).load()
  }

  @Test("A stored classifier is read with its number of classes", arguments: [1, 2, 6])
  func stored(_ labels: Int) throws {
    let model = try Self.load(.bert(prefix: "bert.", labels: labels))
    let head = try #require(model.classHead)
    #expect(head.outputs == labels)
    #expect(!head.isFresh)
    #expect(head.projections.map(\.name) == ["bert.pooler.dense", "classifier"])
    #expect(head.selection == .first)
    #expect(model.unused == [])
  }

  @Test("An encoder's head is pooler, tanh and classifier")
  func formula() throws {
    let tiny = TinyModel.bert(labels: 2)
    let model = try Self.load(tiny)
    let hidden = try ModelProbe(model, .none, rows: 4)([[3, 1, 4]])[0]
    let found = try ModelProbe(model, .classes, rows: 4)([[3, 1, 4]])[0]
    func linear(_ module: String, _ x: [Double]) throws -> [Double] {
      let weight = tiny.tensors[try #require(tiny.position(module + ".weight"))]
      let bias = tiny.tensors[try #require(tiny.position(module + ".bias"))]
      return bias.values.indices.map { row in
        x.indices.reduce(Double(bias.values[row])) {
          $0 + Double(weight.values[row * x.count + $1]) * x[$1]
        }
      }
    }
    func tanh(_ x: Double) -> Double { 1 - 2 / (1 + exponential(2 * x)) }
    let pooled = try linear("pooler.dense", hidden.map { Double($0) }).map(tanh)
    let expected = try linear("classifier", pooled).map { Float($0) }
    #expect(distance(found, expected) < 1e-5)
  }

  /// e^x by halving and its series, so that the test does not ask the library it tests.
  private func exponential(_ x: Double) -> Double {
    var (term, sum) = (1.0, 1.0)
    let small = x / 1024
    for order in 1..<12 {
      term *= small / Double(order)
      sum += term
    }
    return (0..<10).reduce(sum) { power, _ in power * power }
  }

  @Test("A fresh head keeps the checkpoint's pooler and repeats by its seed")
  func fresh() throws {
    let wish = try ClassHead.Fresh(outputs: 5, seed: 7)
    var heads: [ClassHead] = []
    for seed: UInt64 in [7, 7, 8] {
      var model = try Self.load(.bert())
      #expect(model.classHead == nil)
      try model.addClassHead(try ClassHead.Fresh(outputs: wish.outputs, seed: seed))
      heads.append(try #require(model.classHead))
    }
    func bytes(_ head: ClassHead) -> [UInt8] { head.classifier.weight.weight.bytes.array }
    #expect(bytes(heads[0]) == bytes(heads[1]))
    #expect(bytes(heads[0]) != bytes(heads[2]))
    #expect(heads[0].isFresh && heads[0].outputs == 5)
    let values = heads[0].classifier.weight.weight.bytes.values(Float.self)
    let deviation = (values.reduce(0) { $0 + $1 * $1 } / Float(values.count)).squareRoot()
    #expect(deviation > 0.015 && deviation < 0.025)
    let zeros = heads[0].classifier.bias?.weight.bytes.values(Float.self)
    #expect(zeros?.allSatisfy { $0 == 0 } == true)
    let pooler = TinyModel.bert().tensors.first { $0.name == "pooler.dense.weight" }
    #expect(
      heads[0].pooler.map { Array($0.weight.weight.bytes.values(Float.self)) } == pooler?.values)
  }

  @Test("A decoder's head is a score of the last token without bias")
  func decoder() throws {
    var model = try Self.load(.llama())
    try model.addClassHead(try ClassHead.Fresh(outputs: 3, seed: 1))
    let head = try #require(model.classHead)
    #expect(head.selection == .last)
    #expect(head.projections.map(\.name) == ["score"])
    #expect(head.classifier.bias == nil)
  }

  @Test("Another number of classes than the stored one is a mismatch; absurd numbers are refused")
  func refusals() throws {
    var model = try Self.load(.bert(labels: 3))
    #expect {
      try model.addClassHead(try ClassHead.Fresh(outputs: 4, seed: 0))
    } throws: { ($0 as? SVFTError)?.kind == .mismatch }
    for outputs in [0, -1, 65_537] {
      #expect {
        _ = try ClassHead.Fresh(outputs: outputs, seed: 0)
      } throws: { ($0 as? SVFTError)?.kind == .invalidArgument }
    }
  }

  @Test("A classifier without its pooler, or of another width, is broken")
  func broken() throws {
    var model = TinyModel.bert(labels: 2)
    model.tensors.removeAll { $0.name.hasPrefix("pooler") }
    #expect { _ = try Self.load(model) } throws: { ($0 as? SVFTError)?.kind == .format }
    var wide = TinyModel.bert(labels: 2)
    let place = try #require(wide.position("classifier.weight"))
    wide.tensors[place].shape = [4, 16]
    #expect { _ = try Self.load(wide) } throws: { ($0 as? SVFTError)?.kind == .shape }
  }

  @Test(
    "Classes of tokens and gradients equal those of transformers", arguments: FamilyFixture.taggers)
  func tokens(_ fixture: FamilyFixture) throws {
    let golden = try fixture.golden()
    let model = try Checkpoint(fixture.folder).load()
    let head = try #require(model.classHead)
    #expect(head.isPerToken && head.outputs == 3 && model.unused == [])
    let names = golden.names("gradient.")
    let slots = model.slots.filter { names.contains($0.name) }
    #expect(slots.count == names.count && names.count > 3)
    for slot in slots { try train(slot) }
    let probe = try ModelProbe(model, .classes, rows: 16, training: true)
    let found = try probe([golden.ids])
    #expect(relative(found.joined(), try golden.values("logits")) < 1e-4)
    let seed = try #require(probe.program.gradient(probe.result))
    // The first and the last token count nothing, the others are of class row modulo 3.
    let counted = Float(golden.ids.count - 2)
    for (row, logits) in found.enumerated() {
      let shares = logits.map { exponential(Double($0)) }
      let sum = shares.reduce(0, +)
      for (index, share) in shares.enumerated() {
        let wanted = index == row % 3 ? 1.0 : 0
        let counts = row > 0 && row < golden.ids.count - 1
        seed[row * 3 + index] = counts ? Float(share / sum - wanted) / counted : 0
      }
    }
    try probe.program.backward(probe.batch)
    for slot in slots {
      let gradients = try #require(slot.standIn).gradients
      var expected = try golden.values("gradient." + slot.name)
      if slot.isTransposedInFolders {
        expected = transposed(expected, rows: slot.weight.columns)
      }
      #expect(relative(gradients, expected) < 1e-3, "\(slot.name)")
    }
  }

  @Test("A head for tokens that is made drops, then classifies every row")
  func freshForTokens() throws {
    for model in [TinyModel.bert(), .llama()] {
      var loaded = try Self.load(model)
      try loaded.addClassHead(try ClassHead.Fresh(outputs: 3, perToken: true, seed: 1))
      let head = try #require(loaded.classHead)
      #expect(head.isPerToken && head.pooler == nil && head.classifier.bias != nil)
      let config = try loaded.config(classNames: ["a", "b", "c"])
      #expect(try config.strings("architectures")[0].hasSuffix("ForTokenClassification"))
      #expect { try loaded.metadata() } throws: { ($0 as? SVFTError)?.kind == .unsupported }
      #expect {
        try loaded.addClassHead(try ClassHead.Fresh(outputs: 3, seed: 1))
      } throws: { ($0 as? SVFTError)?.kind == .mismatch }
    }
  }

  @Test("A head for tokens that config.json names and the file lacks is missing")
  func missingForTokens() throws {
    var model = TinyModel.bert()
    model.config["architectures"] = ["BertForTokenClassification"]
    #expect { _ = try Self.load(model) } throws: {
      ($0 as? SVFTError)?.message.contains("classifier.weight is missing") == true
    }
  }
}
