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

  @Test func anyNumberOfThreadsGivesTheSameFactors() throws {
    func sigma(_ threads: Int) throws -> [[Double]] {
      let model = try TinyChain(factors: FactorStore(threads: threads))
      return try model.factors.factors(slots(model)).map(\.sigma)
    }
    #expect(try sigma(1) == sigma(3))
  }

  @Test func cacheIsTakenAndADamagedFileIsComputedAgain() throws {
    let folder = try TemporaryFolder()
    let cache = folder.file("a/b")
    let model = try TinyChain(factors: FactorStore(cacheFolder: cache))
    let first = try model.factors.factors(slots(model))
    let names = try FileSystem.list(cache)
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
    #expect(seen == [0.25, 0.5])
    model.factors.progress = nil
    #expect(try model.factors.factors(slots(model)).count == 4)
  }

  @Test func failureNamesTheTensor() throws {
    let model = try TinyChain()
    model.wide.weight.weight.bytes.values(Float.self)[5] = .nan
    do {
      _ = try model.factors.factors(slots(model))
      Issue.record("a matrix with no number in it was decomposed")
    } catch {
      #expect(error.kind == .nonFinite)
      #expect(error.message.contains("up_proj"))
    }
  }
}
