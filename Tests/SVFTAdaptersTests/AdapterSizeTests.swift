// Sizes of adapters: what they say is what the adapters then train, and the nearest is the nearest.
import SVFTAdapters
import SVFTFormats
import SVFTLayers
import SVFTTensor
import Testing

@Suite struct AdapterSizeTests {
  /// Options whose size is free, with the option that decides it.
  static let sized: [(JSON, String)] = [
    (["method": "svft"], "count"),
    (["method": "svft", "pattern": "random", "gate": true], "count"),
    (["method": "svft", "pattern": "banded"], "d"),
    (["method": "svft", "pattern": "banded", "rank": 5, "gate": true], "d"),
    (["method": "svft", "pattern": "topk", "score": "gradient"], "count"),
    (["method": "lora"], "r"),
  ]

  private func size(_ options: JSON, _ modules: [Projection]) throws -> AdapterSize? {
    let options = try AdapterOptions(options)
    return try options.method().size(options, on: modules)
  }

  @Test(arguments: sized) func aSizeIsWhatIsTrained(_ options: JSON, _ option: String) throws {
    let chain = try TinyChain()
    let size = try #require(try size(options, [chain.square, chain.wide, chain.tall]))
    #expect(size.option == option)
    let low = size.values.lowerBound
    for value in [low, low + 1, min(size.values.upperBound, 11)] {
      var object = try options.root("options")
      for (key, chosen) in size.options(at: value).members { object[key] = chosen }
      let method = try chain.method(.object(object))
      #expect(method.parameters.reduce(0) { $0 + $1.count } == size.count(value), "\(value)")
    }
  }

  @Test(arguments: sized) func theNearestIsTheNearest(_ options: JSON, _ option: String) throws {
    let chain = try TinyChain()
    let size = try #require(try size(options, [chain.square, chain.wide]))
    for budget in [0, 1, 56, 57, 300, 1000, 1601, 100_000] {
      let best = size.values.map { abs(size.count($0) - budget) }.min()
      #expect(abs(size.count(size.nearest(to: budget)) - budget) == best, "\(budget)")
    }
    #expect(size.counts.contains(size.small))
    #expect(option == "count" || size.small == size.counts.lowerBound)
  }

  @Test func randomComesWithinHalfANumberPerModule() throws {
    let chain = try TinyChain()
    let modules = [chain.square, chain.wide, chain.tall]
    let size = try #require(try size(["method": "svft"], modules))
    for budget in 80...120 {
      #expect(2 * abs(size.count(size.nearest(to: budget)) - budget) <= modules.count)
    }
    #expect(size.fixed["pattern"] == "random" && size.small == 32 + 24 + 24)
  }

  @Test func plainHasOneSizeAndOthersNone() throws {
    let chain = try TinyChain()
    let plain = try size(["method": "svft", "pattern": "plain"], [chain.square, chain.wide])
    #expect(plain?.counts == 56...56)
    for name in ["full", "head", "bias"] {
      #expect(try size(["method": .string(name)], [chain.square]) == nil)
    }
  }

  @Test(
    arguments: [
      ["method": "svft", "d": 2], ["method": "svft", "pattern": "random", "count": 9],
      ["method": "lora", "r": 2], ["method": "lora", "rank_pattern": ["q_proj": 2]],
      ["method": "svft", "depth": 2],
    ] as [JSON]) func whatTheBudgetDecidesIsRefused(_ options: JSON) throws
  {
    let chain = try TinyChain()
    let failure = #expect(throws: SVFTError.self) { try size(options, [chain.square]) }
    #expect(failure?.kind == .invalidArgument)
  }
}
