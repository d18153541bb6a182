// Factors are computed once, side by side, cached on disk, cancelled between matrices.
import SVFTAdapters
import SVFTFormats
import SVFTLayers
import SVFTTensor
import TestKit
import Testing

@Suite struct FactorStoreTests {
  private func slots(_ model: TinyChain) -> [Slot] { model.sites.projections.map(\.weight) }

  @Test func equalTensorsShareTheirFactors() throws {
    let model = try TinyChain()
    let first = try model.factors.factors(slots(model))
    let second = try model.factors.factors(slots(model))
    #expect(zip(first, second).allSatisfy { $0 === $1 })
  }

  @Test func cancellingIsHeardBetweenMatricesWithoutAnyoneWatching() throws {
    let model = try TinyChain()
    var asked = 0
    model.factors.isCancelled = {
      asked += 1
      return asked > 1
    }
    do {
      _ = try model.factors.factors(slots(model))
      Issue.record("all matrices were decomposed")
    } catch { #expect(error.kind == .cancelled) }
    model.factors.isCancelled = nil
    #expect(try model.factors.factors(slots(model)).count == slots(model).count)
  }

  @Test func anyNumberOfThreadsGivesTheSameFactors() throws {
    func sigma(_ threads: Int) throws -> [[Double]] {
      let model = try TinyChain(factors: FactorStore(threads: threads))
      return try model.factors.factors(slots(model)).map(\.values.sigma)
    }
    #expect(try sigma(1) == sigma(3))
  }

  @Test func cacheIsTakenAndADamagedFileIsComputedAgain() throws {
    let folder = try TemporaryFolder()
    let cache = folder.file("a/b")
    let model = try TinyChain(factors: FactorStore(cacheFolder: cache))
    let first = try model.factors.factors(slots(model))
    let names = try FileSystem.list(cache).filter { $0.hasSuffix(".safetensors") }
    #expect(names.count == first.count)
    func again() throws -> [[Float]] {
      let store = FactorStore(cacheFolder: cache)
      return try store.factors(slots(model)).map { Array($0.left.bytes.values(Float.self)) }
    }
    let expected = first.map { Array($0.left.bytes.values(Float.self)) }
    #expect(try again() == expected)
    for name in names {
      let path = FileSystem.join(cache, name)
      var bytes = try FileSystem.read(path).array
      bytes[bytes.count - 3] ^= 0x10
      try folder.write("a/b/\(name)", bytes)
    }
    #expect(try again() == expected)
    for name in names { try folder.write("a/b/\(name)", "no tensors") }
    #expect(try again() == expected)
    // What was computed again is a whole file again.
    #expect(try Safetensors(FileSystem.join(cache, names[0])).names == ["U", "S", "Vt"])
  }

  @Test func fillingACacheKeepsNothingInMemory() throws {
    let cache = try TemporaryFolder()
    let store = FactorStore(cacheFolder: cache.path)
    let model = try TinyChain(factors: store)
    try store.fill(slots(model))
    #expect(store.byteCount == 0)
    let records = store.records(slots(model))
    #expect(records.count == slots(model).count && records.allSatisfy { !$0.isCached })
    _ = try store.factors(slots(model))
    #expect(store.records(slots(model)).allSatisfy { $0.isCached })
    // Without a cache they stay where they are.
    let other = FactorStore()
    try other.fill(slots(model))
    #expect(other.byteCount == store.byteCount && other.byteCount > 0)
  }

  @Test func whatNobodyUsesGoesWhenOthersCome() throws {
    let model = try TinyChain()
    func method(_ rank: Int) throws -> any AdapterMethod {
      try model.method(["method": "svft", "rank": .integer(rank)])
    }
    weak var gone: AnyObject?
    func both() throws -> (second: any AdapterMethod, bytesOfFirst: Int) {
      let first = try method(4)
      let bytes = model.factors.byteCount
      let second = try method(6)
      #expect(model.factors.byteCount == bytes / 4 * (4 + 6))
      withExtendedLifetime(first) {}
      gone = first as AnyObject
      return (second, bytes)
    }
    let (second, bytes) = try both()
    #expect(gone == nil)
    let third = try method(2)
    #expect(model.factors.byteCount == bytes / 4 * (6 + 2))
    // Whole ones stay: the next adapter takes them.
    _ = try model.factors.factors(slots(model))
    let whole = model.factors.byteCount
    _ = try model.factors.factors(slots(model), SVD.Truncation(rank: 1, iterations: 1))
    #expect(model.factors.byteCount > whole)
    withExtendedLifetime((second, third)) {}
  }

  @Test func progressCanCancel() throws {
    let model = try TinyChain(factors: FactorStore(threads: 1))
    var seen: [Double] = []
    model.factors.progress = { _, done, _ in
      seen.append(done)
      return seen.count < 2
    }
    do {
      _ = try model.factors.factors(slots(model))
      Issue.record("the decomposition went on")
    } catch { #expect(error.kind == .cancelled) }
    // Shares of the work, the largest matrices first.
    #expect(seen.count == 2 && seen[0] > 0.25 && seen[1] > seen[0] && seen[1] < 1)
    model.factors.progress = nil
    #expect(try model.factors.factors(slots(model)).count == 4)
  }

  @Test func recordsSayHowGoodFactorsAreAndWhereTheyCameFrom() throws {
    let cache = try TemporaryFolder()
    func records() throws -> [FactorRecord] {
      let model = try TinyChain(factors: FactorStore(cacheFolder: cache.path))
      _ = try model.factors.factors(slots(model))
      return model.factors.records(slots(model) + slots(model))
    }
    let (first, again) = (try records(), try records())
    #expect(first.map(\.name).count == Set(first.map(\.name)).count)
    #expect(first.allSatisfy { !$0.isCached && $0.seconds > 0 })
    #expect(again.allSatisfy { $0.isCached && $0.seconds == 0 })
    for (one, two) in zip(first, again) {
      #expect(one.accuracy.residual < 3e-7 && one.accuracy.residual == two.accuracy.residual)
      #expect(one.accuracy.departure < 2e-6 && one.accuracy.departure == two.accuracy.departure)
      #expect(one.order == min(one.rows, one.columns) && one.method == two.method)
    }
  }

  @Test func truncatedFactorsAreKeptBesideTheWholeOnes() throws {
    let cache = try TemporaryFolder()
    let model = try TinyChain(factors: FactorStore(cacheFolder: cache.path))
    let truncation = SVD.Truncation(rank: 3, iterations: 2)
    let whole = try model.factors.factors(slots(model))
    let first = try model.factors.factors(slots(model), truncation)
    #expect(first.allSatisfy { $0.order == 3 })
    let other = FactorStore(cacheFolder: cache.path)
    let again = try other.factors(slots(model), truncation)
    let records = other.records(slots(model), FactorStore.Wish(truncation))
    #expect(records.count == 4 && records.allSatisfy { $0.isCached })
    for (one, two) in zip(first, again) {
      #expect(one.values.sigma == two.values.sigma)
      #expect(one.left.bytes.bytes.elementsEqual(two.left.bytes.bytes))
    }
    #expect(try model.factors.factors(slots(model)).first === whole.first)
  }

  /// What another process is at is left to it, and taken from the cache when it is done.
  @Test(.timeLimit(.minutes(1))) func processesShareTheWork() throws {
    let cache = try TemporaryFolder()
    let model = try TinyChain()
    let slot = model.wide.weight
    let hash = slot.canonicalHash()
    // Its factors, made elsewhere.
    let elsewhere = try TemporaryFolder()
    _ = try FactorStore(cacheFolder: elsewhere.path).factors([slot])
    let file = try FileSystem.read(elsewhere.file("\(hash).safetensors")).array
    let record = try #require(UInt64(hash.prefix(16), radix: 16))
    var lock = try RecordLock(cache.file(".factors-lock"), record: record)
    #expect(lock != nil)
    let store = FactorStore(cacheFolder: cache.path)
    var order: [String] = []
    store.progress = { _, _, _ in
      order = store.cacheFolder.flatMap { try? FileSystem.list($0) } ?? []
      // The other process finishes when everything else is done.
      if order.count(where: { $0.hasSuffix(".safetensors") }) == 3, lock != nil {
        _ = try? cache.write("\(hash).safetensors", file)
        lock = nil
      }
      return true
    }
    let found = try store.factors(slots(model))
    #expect(found.count == 4 && lock == nil)
    let records = store.records(slots(model))
    #expect(records.filter(\.isCached).map(\.name) == [slot.name])
  }

  /// Who waits for another process can stop waiting.
  @Test(.timeLimit(.minutes(1))) func waitingEndsWhenProgressSaysSo() throws {
    let cache = try TemporaryFolder()
    let slot = try TinyChain().wide.weight
    let record = try #require(UInt64(slot.canonicalHash().prefix(16), radix: 16))
    let lock = try RecordLock(cache.file(".factors-lock"), record: record)
    let store = FactorStore(cacheFolder: cache.path)
    var calls = 0
    store.progress = { _, _, _ in
      calls += 1
      return calls < 3
    }
    let failure = #expect(throws: SVFTError.self) { try store.factors([slot]) }
    #expect(failure?.kind == .cancelled && calls == 3)
    withExtendedLifetime(lock) {}
  }

  @Test func failureNamesTheTensor() throws {
    let model = try TinyChain()
    model.wide.weight.weight.bytes.values(Float.self)[5] = .nan
    do {
      _ = try model.factors.factors(slots(model))
      Issue.record("a matrix with no number in it was decomposed")
    } catch {
      #expect(error.kind == .nonFinite)
      #expect(error.message.contains("up_proj") && !error.message.contains("q_proj"))
    }
  }

  /// Nothing of what a rank leaves out is held, though all of it was computed.
  @Test func aRankLetsGoOfTheRest() throws {
    let model = try TinyChain()
    let ledger = try MemoryLedger(limit: 0)
    func used(_ wish: FactorStore.Wish) throws -> Int {
      try ledger.keep { () throws(SVFTError) in
        let store = FactorStore()
        let vectors = try store.vectors([model.wide.weight], wish)
        return withExtendedLifetime((store, vectors)) { ledger.used - store.solverBytes }
      }
    }
    #expect(try 4 * used(.init(rank: 2)) < used(.init()))
  }
}
