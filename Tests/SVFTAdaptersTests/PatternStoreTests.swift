// Equal patterns are one, and none outlives its adapters.
import SVFTAdapters
import SVFTFormats
import SVFTLayers
import SVFTTensor
import Testing

@Suite struct PatternStoreTests {
  @Test func equalPatternsAreOne() throws {
    let store = PatternStore()
    let first = try store.banded(order: 30, halfBandwidth: 2)
    #expect(try store.banded(order: 30, halfBandwidth: 2) === first)
    #expect(store.shared(try .banded(order: 30, halfBandwidth: 2)) === first)
    var (seven, same, eight) = (
      RandomSource(seed: 7, purpose: "p"), RandomSource(seed: 7, purpose: "p"),
      RandomSource(seed: 8, purpose: "p")
    )
    let random = store.shared(try .random(order: 30, count: first.count, &seven))
    #expect(random !== first)
    #expect(store.shared(try .random(order: 30, count: first.count, &same)) === random)
    let other = store.shared(try .random(order: 30, count: first.count, &eight))
    #expect(other !== random)
    #expect(!other.equals(random))
    #expect(store.shared(try .banded(order: 29, halfBandwidth: 2)) !== first)
  }

  @Test func aPatternGoesWithTheLastThatHasIt() throws {
    let store = PatternStore()
    weak var gone: SparsityPattern?
    do {
      let pattern = try store.banded(order: 30, halfBandwidth: 2)
      gone = pattern
      #expect(store.shared(try .banded(order: 30, halfBandwidth: 2)) === pattern)
    }
    #expect(gone == nil)
    let again = try store.banded(order: 30, halfBandwidth: 2)
    #expect(again.count == 30 * 5 - 6)
  }

  /// Buffers that ten more adapters take, in bytes for each trained number.
  private func bytesPerNumber(_ options: JSON) throws -> Double {
    let model = try TinyChain()
    let first = try model.method(options)
    let ledger = try MemoryLedger(limit: 0)
    var more: [any AdapterMethod] = []
    try ledger.keep { () throws(SVFTError) in
      for _ in 0..<10 {
        let options = try AdapterOptions(options)
        more.append(try options.method().init(options, model.sites, model.factors))
      }
    }
    let numbers = (more + [first]).map { $0.parameters.reduce(0) { $0 + $1.count } }
    return withExtendedLifetime((first, more)) {
      Double(ledger.used) / Double(numbers.dropLast().reduce(0, +))
    }
  }

  @Test func anAdapterMoreTakesItsNumbersAlone() throws {
    for options in [
      ["method": "svft"], ["method": "svft", "pattern": "banded", "d": 4],
      // All of one seed: the same cells.
      ["method": "svft", "pattern": "random", "d": 4], ["method": "lora", "r": 4],
    ] as [JSON] {
      // Buffers are whole lines of 64 bytes.
      #expect(try bytesPerNumber(options) < 4 * 1.3, "\(options)")
    }
  }
}
