// Adapters of one method added up: the sum's change is the sum of the changes; what has no sum is
// refused by name.
import SVFTAdapters
import SVFTFormats
import SVFTLayers
import SVFTTensor
import TestKit
import Testing

@Suite struct AdapterSumTests {
  private func method(
    _ model: TinyChain, _ options: JSON, _ seed: UInt64
  ) throws -> any AdapterMethod {
    let method = try model.method(options)
    var random = RandomSource(seed: seed, purpose: "disturb")
    for parameter in method.parameters {
      for index in parameter.values.indices { parameter.values[index] = Float(random.normal()) }
    }
    return method
  }

  private func sum(
    _ model: TinyChain, _ terms: [(any AdapterMethod, Double)], _ rule: String = "{}",
    rank: Int? = nil
  ) throws -> AdapterSum.Result {
    try AdapterSum(
      terms.map { AdapterSum.Term($0.0, weight: $0.1) }, SumRuleTests.rule(rule), rank: rank,
      model.sites, model.factors
    ).result()
  }

  /// ΔW of all modules of the chain, zeros where a method leaves one alone.
  private func deltas(_ model: TinyChain, _ method: any AdapterMethod) throws -> [Float] {
    try model.sites.projections.flatMap { projection in
      var delta = [Float](repeating: 0, count: projection.rows * projection.columns)
      if method.projections.contains(where: { $0 === projection }) {
        try method.addDelta(projection, rows: 0..<projection.rows, scale: 1, to: &delta)
      }
      return delta
    }
  }

  static let pairs: [(JSON, JSON)] = [
    (["method": "svft"], ["method": "svft"]),
    (["method": "svft"], ["method": "svft", "pattern": "banded", "d": 2]),
    (
      ["method": "svft", "pattern": "random", "d": 1, "targets": ["q_proj"]],
      ["method": "svft", "pattern": "random", "d": 2, "duplicates": true, "gate": true]
    ),
    (
      ["method": "svft", "rank": 7, "pattern": "banded", "d": 1],
      ["method": "svft", "rank": 7, "targets": ["up_proj"]]
    ),
    (
      ["method": "svft", "rank": 6, "iterations": 1, "pattern": "banded", "d": 1],
      ["method": "svft", "rank": 6, "iterations": 1]
    ),
    (["method": "lora", "r": 3], ["method": "lora", "r": 5, "alpha": 2.0]),
    (
      ["method": "lora", "r": 2, "targets": ["q_proj"]],
      ["method": "lora", "r": 3, "use_rslora": true]
    ),
  ]

  @Test(arguments: pairs.indices, [false, true])
  func theSumOfAdaptersIsTheSumOfTheirChanges(_ pair: Int, interleaved: Bool) throws {
    let model = try TinyChain(interleaved: interleaved)
    let (one, two) = (
      try method(model, Self.pairs[pair].0, 1), try method(model, Self.pairs[pair].1, 2)
    )
    let (a, b) = (try deltas(model, one), try deltas(model, two))
    let result = try sum(model, [(one, 2), (two, -0.5)])
    let expected = zip(a, b).map { 2 * $0 - 0.5 * $1 }
    #expect(shareOfDifference(expected, try deltas(model, result.method)) < 1e-10)
    let mean = try sum(model, [(one, 3), (two, 1)], #"{"rule":"mean"}"#)
    let middle = zip(a, b).map { 0.75 * $0 + 0.25 * $1 }
    #expect(shareOfDifference(middle, try deltas(model, mean.method)) < 1e-10)
    // It is an adapter like any other: saved and loaded it is the same.
    let folder = try TemporaryFolder()
    try AdapterFile.save(result.method, result.options, to: folder.path)
    let (loaded, _, _) = try AdapterFile.load(
      AdapterContents(folder: folder.path), model.sites, model.factors)
    #expect(try deltas(model, loaded) == deltas(model, result.method))
  }

  @Test(arguments: TinyOptions.svft.filter(\.isOfProjectionsAlone) + [["method": "lora", "r": 3]])
  func oneWithWeightOneIsItself(_ options: JSON) throws {
    let model = try TinyChain(interleaved: true)
    let one = try method(model, options, 1)
    let result = try sum(model, [(one, 1)])
    #expect(shareOfDifference(try deltas(model, one), try deltas(model, result.method)) < 1e-12)
    let object = try options.root("options")
    guard !object.has("gate"), !object.has("duplicates") else { return }
    #expect(result.method.parameters.map(\.count) == one.parameters.map(\.count))
    for (before, after) in zip(one.parameters, result.method.parameters) {
      #expect(before.values.elementsEqual(after.values))
    }
  }

  @Test func aPatternThatAllShareStaysAPattern() throws {
    let model = try TinyChain()
    let options: JSON = ["method": "svft", "pattern": "banded", "d": 2]
    let (one, two) = (try method(model, options, 1), try method(model, options, 2))
    let same = try sum(model, [(one, 1), (two, 1)]).options
    #expect(same["pattern"] == "banded" && same["d"] == 2)
    let other = try method(model, ["method": "svft"], 3)
    #expect(try sum(model, [(one, 1), (other, 1)]).options["pattern"] == "banded")
    #expect(try sum(model, [(other, 1), (one, 1)]).options["pattern"] == "topk")
  }

  @Test func aSumOverApproximateDirectionsKnowsThatTheyAre() throws {
    let model = try TinyChain()
    let options: JSON = ["method": "svft", "rank": 6, "iterations": 2]
    let (one, two) = (try method(model, options, 1), try method(model, options, 2))
    let result = try sum(model, [(one, 1), (two, 1)])
    #expect(result.options["rank"] == 6 && result.options["iterations"] == 2)
    let folder = try TemporaryFolder()
    try AdapterFile.save(result.method, result.options, to: folder.path)
    let file = try JSON.read(folder.file("adapter_config.json")).root("adapter_config.json")
    #expect(file["svft_iterations"] == 2)
  }

  @Test func tiesAndDareActOnCells() throws {
    let model = try TinyChain()
    let (one, two) = (
      try method(model, ["method": "svft"], 1), try method(model, ["method": "svft"], 2)
    )
    let ties = try sum(model, [(one, 1), (two, 1)], #"{"rule":"ties","density":0.5}"#)
    let dare = try sum(model, [(one, 1), (two, 1)], #"{"rule":"dare","drop":0.5,"seed":3}"#)
    let cells = one.parameters.map(\.count).reduce(0, +)
    func zeros(_ method: any AdapterMethod) -> Int {
      method.parameters.reduce(0) { $0 + $1.values.count { $0 == 0 } }
    }
    #expect(zeros(one.self) == 0)
    #expect((cells / 8..<cells / 2).contains(zeros(ties.method)))
    #expect((cells / 8..<cells / 2).contains(zeros(dare.method)))
  }

  @Test func aSumOfLoRAIsCutToARank() throws {
    let model = try TinyChain()
    let options: JSON = ["method": "lora", "r": 4, "targets": ["q_proj", "up_proj"]]
    let (one, two) = (try method(model, options, 1), try method(model, options, 2))
    let whole = try sum(model, [(one, 1), (two, 1)])
    #expect(whole.leftOut.allSatisfy { $0.share == 0 })
    let cut = try sum(model, [(one, 1), (two, 1)], rank: 3)
    #expect(cut.method.parameters.map(\.count) == [96, 96, 96, 72])
    let (expected, found) = (try deltas(model, whole.method), try deltas(model, cut.method))
    let square = 32 * 32
    let lost = shareOfDifference(Array(expected[..<square]), Array(found[..<square]))
    #expect(abs(lost - cut.leftOut[0].share) < 1e-5 && lost > 1e-3)
  }

  @Test func anAdapterOfAnotherSolversSignsIsTurnedBack() throws {
    let folder = try TemporaryFolder()
    let model = try TinyChain()
    let options: JSON = ["method": "svft", "pattern": "banded", "d": 3]
    let one = try method(model, options, 1)
    try AdapterFile.save(one, options.root("options"), to: folder.file("a"))
    let expected = try deltas(model, one)
    let cache = folder.file("cache")
    _ = try FactorStore(cacheFolder: cache).factors(model.sites.projections.map(\.weight))
    try SingularVectorMethodTests.flipSigns(in: cache)
    let again = try TinyChain(factors: FactorStore(cacheFolder: cache))
    let (loaded, _, _) = try AdapterFile.load(
      AdapterContents(folder: folder.file("a")), again.sites, again.factors)
    // A fresh one has the flipped vectors.
    let fresh = try method(again, options, 1)
    #expect(shareOfDifference(expected, try deltas(again, fresh)) > 1e-3)
    let both = try sum(again, [(loaded, 1), (fresh, 2)])
    let wanted = zip(expected, try deltas(again, fresh)).map { $0 + 2 * $1 }
    #expect(shareOfDifference(wanted, try deltas(again, both.method)) < 1e-9)
  }

  @Test func whatHasNoSumIsRefused() throws {
    let model = try TinyChain()
    let svft = try method(model, ["method": "svft"], 1)
    let lora = try method(model, ["method": "lora", "r": 2], 1)
    let cases: [([any AdapterMethod], String, Int?, SVFTError.Kind, String)] = [
      ([], "{}", nil, .invalidArgument, "at least one"),
      ([svft, lora], "{}", nil, .mismatch, "svft and lora"),
      ([lora, lora], #"{"rule":"ties"}"#, nil, .unsupported, "ties"),
      ([lora], #"{"rule":"dare"}"#, nil, .unsupported, "dare"),
      ([svft], "{}", 3, .invalidArgument, "rank"),
      ([try model.method(["method": "full"])], "{}", nil, .unsupported, "full"),
      ([try model.method(["method": "lora", "bias": "all"])], "{}", nil, .unsupported, "bias"),
      (
        [svft, try method(model, ["method": "svft", "rank": 5], 1)], "{}", nil, .mismatch,
        "rank 5; rank of W"
      ),
      (
        [
          try method(model, ["method": "svft", "rank": 5], 1),
          try method(model, ["method": "svft", "rank": 5, "iterations": 1], 1),
        ], "{}", nil, .mismatch, "rank 5; rank 5, iterations 1"
      ),
      ([try model.method(["method": "svft", "pattern": "topk"])], "{}", nil, .state, "top-k"),
    ]
    for (methods, rule, rank, kind, words) in cases {
      let failure = #expect(throws: SVFTError.self) {
        try sum(model, methods.map { ($0, 1) }, rule, rank: rank)
      }
      #expect(failure?.kind == kind, "\(failure?.message ?? "")")
      #expect(failure?.message.contains(words) == true, "\(failure?.message ?? "")")
    }
    svft.parameters[0].values[0] = .infinity
    let failure = #expect(throws: SVFTError.self) { try sum(model, [(svft, 1)]) }
    #expect(failure?.kind == .nonFinite)
  }
}
