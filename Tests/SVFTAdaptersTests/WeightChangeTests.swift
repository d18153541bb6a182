// Changes on their way into methods: every method that adds takes back its own change, SVFT takes
// the entries of UᵀΔWV on its cells, what is trained in full takes all.
import SVFTAdapters
import SVFTFormats
import SVFTLayers
import SVFTTensor
import TestKit
import Testing

@Suite struct WeightChangeTests {
  static let additive = TinyOptions.all.filter { options in
    guard case .object(let object) = options, case .string(let name)? = object["method"] else {
      return false
    }
    return AdapterMethods.all.contains { $0.name == name && $0.isAdditive }
  }

  /// ΔW at scale 1, rows in canonical order.
  private func delta(_ method: any AdapterMethod, _ projection: Projection) throws -> [Float] {
    let (rows, columns) = (projection.rows, projection.columns)
    var stored = [Float](repeating: 0, count: rows * columns)
    try method.addDelta(projection, rows: 0..<rows, scale: 1, to: &stored)
    return (0..<rows).flatMap { row in
      let place = projection.weight.rowOrder.stored(row) * columns
      return stored[place..<place + columns]
    }
  }

  @Test(arguments: additive, [false, true])
  func theProductOfAMethodIsItsDelta(options: JSON, interleaved: Bool) throws {
    let model = try TinyChain(interleaved: interleaved)
    let method = try model.method(options)
    method.disturb()
    for projection in method.projections {
      let product = try method.product(projection)
      let expected = try delta(method, projection)
      #expect(shareOfDifference(expected, try product.dense().array) < 1e-10)
      #expect(product.rank <= min(projection.rows, projection.columns))
    }
  }

  @Test(arguments: additive, [false, true])
  func aMethodTakesBackItsOwnChange(options: JSON, interleaved: Bool) throws {
    let model = try TinyChain(interleaved: interleaved)
    let (one, other) = (try model.method(options), try model.method(options))
    one.disturb()
    for projection in one.projections {
      let change = try WeightChange(one.product(projection))
      let taken = try other.adopt(change, at: "\(projection.name).weight")
      // Rounded directions are not quite orthonormal.
      let isRounded = try options.root("options").has("factors")
      #expect(abs(taken - change.energy) < (isRounded ? 0.05 : 1e-4) * change.energy)
      let lost = shareOfDifference(try delta(one, projection), try delta(other, projection))
      #expect(lost < (isRounded ? 5e-3 : 1e-9))
    }
  }

  @Test(arguments: [0, 2, 99], [false, true])
  func whatSVFTDoesNotCaptureIsWhatItLacks(_ d: Int, _ isProduct: Bool) throws {
    let model = try TinyChain(interleaved: true)
    let method = try model.method(["method": "svft", "pattern": "banded", "d": .integer(d)])
    for projection in method.projections {
      let dense = try DeltaMatrix.random(projection.rows, projection.columns, projection.name)
      let factors = try LowRankFactors(best: 99, of: dense)
      let change =
        try isProduct
        ? WeightChange(FactoredDelta(b: factors.b, a: factors.a, scale: 1)) : WeightChange(dense)
      let taken = try method.adopt(change, at: "\(projection.name).weight")
      // Pythagoras: the projection is orthogonal.
      let lost = shareOfDifference(dense.array, try delta(method, projection))
      #expect(abs(lost - (1 - taken / change.energy)) < 1e-5)
      let isWhole = d == 99 && projection.rows == projection.columns
      #expect((lost < 1e-6) == isWhole)
    }
  }

  @Test func topKTakesTheLargestEntries() throws {
    let model = try TinyChain()
    let dense = try DeltaMatrix.random(32, 32, "change")
    let name = "\(model.square.name).weight"
    func taken(_ options: JSON) throws -> (energy: Double, values: [Float]) {
      let method = try model.method(options)
      let energy = try method.adopt(WeightChange(dense), at: name)
      return (energy, Array(method.parameters[0].values))
    }
    let all = try taken([
      "method": "svft", "pattern": "banded", "d": 99, "targets": ["q_proj"],
    ])
    let top = try taken([
      "method": "svft", "pattern": "topk", "count": 50, "targets": ["q_proj"],
    ])
    let largest = all.values.sorted { abs($0) > abs($1) }.prefix(50)
    let expected = largest.reduce(0.0) { $0 + Double($1 * $1) }
    #expect(top.values.count == 50)
    #expect(abs(top.energy - expected) < 1e-4 * expected)
    // What was chosen is there: nothing waits for gradients any more.
    let method = try model.method(["method": "svft", "pattern": "topk", "targets": ["q_proj"]])
    _ = try method.adopt(WeightChange(dense), at: name)
    #expect(method.preparation == nil)
    #expect(try method.state().contains { $0.type == "I64" })
  }

  @Test func fewRowsOfMAreAKnownRank() throws {
    let model = try TinyChain()
    let method = try model.method([
      "method": "svft", "pattern": "banded", "d": 99, "targets": ["q_proj"],
    ])
    let matrix = method.parameters[0]
    for index in 0..<3 * 32 { matrix.values[index] = Float(index) - 40 }
    let product = try method.product(model.square)
    #expect(product.rank == 3)
    let dense = try delta(method, model.square)
    let factors = try product.factors(rank: 3)
    #expect(factors.leftOut == 0)
    #expect(shareOfDifference(dense, try factors.b.times(factors.a).array) < 1e-10)
    let best = try LowRankFactors(best: 2, of: .of(32, 32, dense))
    #expect(abs(try product.factors(rank: 2).leftOut - best.leftOut) < 1e-6)
  }

  @Test func aHigherRankThanTheChangeLeavesRoomToLearn() throws {
    let model = try TinyChain()
    let method = try model.method(["method": "lora", "r": 5, "targets": ["q_proj"]])
    let a = method.parameters[0]
    let start = Array(a.values)
    let change = try WeightChange(
      FactoredDelta(b: .random(32, 2, "b"), a: .random(2, 32, "a"), scale: 1))
    let taken = try method.adopt(change, at: "\(model.square.name).weight")
    #expect(taken == change.energy)
    #expect(Array(a.values[64...]) == Array(start[64...]))
    let expected = try change.dense().array
    #expect(shareOfDifference(expected, try delta(method, model.square)) < 1e-11)
  }

  @Test func whatIsTrainedInFullTakesAll() throws {
    let model = try TinyChain(interleaved: true)
    let method = try model.method(["method": "full"])
    #expect(method.places.contains("\(model.square.name).weight"))
    for (name, rows, columns) in [
      ("\(model.square.name).weight", 32, 32), ("\(model.wide.name).bias", 1, 24),
    ] {
      let change = WeightChange(try DeltaMatrix.random(rows, columns, name))
      let taken = try method.adopt(change, at: name)
      #expect(abs(taken - change.energy) < 1e-5 * change.energy)
    }
    let slot = model.square.weight
    let before = try slot.weight.decoded()
    let standIn = try #require(method.standIns.first { $0.slot === slot })
    let after = Array(standIn.parameter.values)
    let dense = try DeltaMatrix.random(32, 32, "\(model.square.name).weight").array
    for row in 0..<32 {
      for column in 0..<32 {
        let place = slot.rowOrder.stored(row) * 32 + column
        let found = after[place] - before.values(Float.self)[place]
        #expect(abs(found - dense[row * 32 + column]) < 1e-5)
      }
    }
  }

  @Test func shapesThatDoNotFitAreRefusedByName() throws {
    let model = try TinyChain()
    for name in ["svft", "lora", "full"] {
      let method = try model.method(["method": .string(name), "targets": ["up_proj"]])
      let failure = #expect(throws: SVFTError.self) {
        try method.adopt(WeightChange(DeltaMatrix.random(3, 4, "x")), at: method.places[0])
      }
      #expect(failure?.kind == .shape)
      #expect(failure?.message.contains("up_proj") == true)
    }
  }

  @Test func methodsThatAddNothingHaveNoProduct() throws {
    let model = try TinyChain()
    for type in AdapterMethods.all where !type.isAdditive {
      let method = try model.method(["method": .string(type.name)])
      let failure = #expect(throws: SVFTError.self) { try method.product(model.square) }
      #expect(failure?.kind == .unsupported)
    }
  }
}
