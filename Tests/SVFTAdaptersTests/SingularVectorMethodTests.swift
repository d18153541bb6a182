// What is particular to SVFT: counts of the paper, forms that agree, norms that are kept,
// preparation, files that survive another solver.
import SVFTAdapters
import SVFTFormats
import SVFTLayers
import SVFTTensor
import TestKit
import Testing

@Suite struct SingularVectorMethodTests {
  @Test(arguments: CountRow.table)
  func countsAreThoseOfThePaper(row: CountRow) {
    let total = row.total {
      SparsityPattern.trainableCount(
        rows: $0, columns: $1, halfBandwidth: row.d, rank: row.rank, gate: row.gate)
    }
    #expect(total == row.count, "\(row.claim)")
  }

  @Test(arguments: [0, 1, 5, 31, 99], [false, true])
  func parametersAreAsManyAsTheShapeSays(d: Int, gate: Bool) throws {
    let model = try TinyChain()
    let method = try model.method([
      "method": "svft", "pattern": d == 0 ? "plain" : "banded", "d": .integer(d),
      "gate": .bool(gate),
    ])
    let expected = method.projections.reduce(0) {
      $0
        + SparsityPattern.trainableCount(
          rows: $1.rows, columns: $1.columns, halfBandwidth: d, gate: gate)
    }
    #expect(method.parameters.reduce(0) { $0 + $1.count } == expected)
  }

  @Test func deltaHasTheNormOfItsCoefficients() throws {
    let model = try TinyChain(interleaved: true)
    let method = try model.method(["method": "svft", "pattern": "banded", "d": 3])
    method.disturb()
    for (projection, parameter) in zip(method.projections, method.parameters) {
      var delta = [Float](repeating: 0, count: projection.rows * projection.columns)
      try method.addDelta(projection, rows: 0..<projection.rows, scale: 1, to: &delta)
      let norm = delta.reduce(0.0) { $0 + Double($1 * $1) }
      let coefficients = parameter.values.reduce(0.0) { $0 + Double($1 * $1) }
      #expect(abs(norm - coefficients) < 1e-5 * coefficients)
    }
  }

  @Test func topCellsHaveTheLargestGradients() throws {
    let model = try TinyChain(interleaved: true)
    let method = try model.method([
      "method": "svft", "pattern": "topk", "d": 1, "score_steps": 2,
    ])
    #expect(method.preparation == .gradients(steps: 2))
    #expect(throws: SVFTError.self) { try method.prepare() }
    try AdapterSet.attach(method)
    try model.session(training: true).gradients()
    try method.prepare()
    #expect(method.preparation == nil)
    let count = method.parameters.map(\.count)
    // The same gradients, from all cells.
    AdapterSet.detach(method)
    let full = try model.method(["method": "svft", "pattern": "banded", "d": 99])
    try AdapterSet.attach(full)
    try model.session(training: true).gradients()
    for (index, tensor) in try method.state().filter({ $0.type == "I64" }).enumerated() {
      let chosen = Set(Array(try tensor.integers()).map { Int($0) })
      let gradients = Array(full.parameters[index].gradients)
      let expected = gradients.indices.sorted { abs(gradients[$0]) > abs(gradients[$1]) }
      // Sums in another order may swap cells at the border.
      #expect(chosen.intersection(expected.prefix(count[index])).count >= count[index] - 1)
    }
  }

  @Test func tiedDirectionsAreNotTrained() throws {
    let identity = try Buffer(of: Float.self, count: 64)
    for index in 0..<8 { identity.values(Float.self)[index * 9] = index < 3 ? 2 : Float(index) }
    let slot = Slot(
      name: "m.weight",
      weight: try Weight(format: ElementFormats.f32, rows: 8, columns: 8, bytes: identity),
      shape: [8, 8])
    let sites = ModelSites(
      projections: [Projection(name: "m", weight: slot, bias: nil)], heads: [], slots: [])
    let options = try AdapterOptions(["method": "svft", "pattern": "banded", "d": 7])
    let method = try options.method().init(options, sites, FactorStore())
    #expect(method.parameters[0].count == 25)
  }

  @Test(arguments: TinyOptions.svft, [false, true])
  func adaptersSurviveFlippedAndRotatedDirections(options: JSON, jacobi: Bool) throws {
    let folder = try TemporaryFolder()
    let model = try TinyChain()
    let method = try model.method(options)
    method.disturb()
    try AdapterFile.save(method, try options.root("options"), to: folder.file("a"))
    try AdapterSet.attach(method)
    let expected = try model.session().outputs()
    // Another solver, and factors whose signs are turned over in its cache.
    let cache = folder.file("cache")
    let store = FactorStore(cacheFolder: cache, solver: jacobi ? .jacobi : nil)
    let other = try TinyChain(factors: store)
    if !jacobi {
      _ = try store.factors(other.sites.projections.map(\.weight))
      try Self.flipSigns(in: cache)
    }
    let again = try TinyChain(
      factors: FactorStore(cacheFolder: cache, solver: jacobi ? .jacobi : nil))
    let (loaded, _, _) = try AdapterFile.load(
      AdapterContents(folder: folder.file("a")), again.sites, again.factors)
    try AdapterSet.attach(loaded)
    #expect(distance(expected, try again.session().outputs()) < 1e-4)
  }

  /// Turns every third direction of all cached factors over, with a correct hash.
  static func flipSigns(in cache: String) throws {
    for name in try FileSystem.list(cache) where name.hasSuffix(".safetensors") {
      let path = FileSystem.join(cache, name)
      let file = try Safetensors(path, access: .copied)
      let (u, s, vt) = (try file.bytes("U"), try file.bytes("S"), try file.bytes("Vt"))
      let shape = try file.require("U").shape
      let inner = try file.require("Vt").shape[1]
      withExtendedLifetime((u, vt)) {
        for j in stride(from: 0, to: shape[1], by: 3) {
          for k in 0..<inner { vt.values(Float.self)[j * inner + k] *= -1 }
          for row in 0..<shape[0] { u.values(Float.self)[row * shape[1] + j] *= -1 }
        }
      }
      var hash = SHA256()
      for part in [u, s, vt] { hash.update(part.bytes) }
      let metadata = file.metadata.map {
        ($0.key, $0.key == "sha256" ? hash.hexadecimal : $0.value)
      }
      let tensors = try [("U", u), ("S", s), ("Vt", vt)].map { name, bytes in
        let entry = try file.require(name)
        return OutgoingTensor(name, entry.shape, entry.type, bytes: bytes)
      }
      try SafetensorsWriter.write(path, tensors, metadata: metadata)
    }
  }

  @Test func adapterForAnotherBaseIsRefusedByModule() throws {
    let folder = try TemporaryFolder()
    let method = try TinyChain().method(["method": "svft"])
    try AdapterFile.save(method, JSON.Object(), to: folder.path)
    let other = try TinyChain(seed: 2)
    do {
      _ = try AdapterFile.load(AdapterContents(folder: folder.path), other.sites, other.factors)
      Issue.record("an adapter for another base was loaded")
    } catch {
      #expect(error.kind == .mismatch)
      #expect(error.message.contains("body.layers.0.q_proj"))
    }
  }

  @Test(arguments: TinyOptions.all)
  func foldersAndInterleavedFilesShareAdapters(options: JSON) throws {
    let folder = try TemporaryFolder()
    let model = try TinyChain()
    let method = try model.method(options)
    method.disturb()
    try AdapterFile.save(method, try options.root("options"), to: folder.path)
    try AdapterSet.attach(method)
    let other = try TinyChain(interleaved: true)
    let (loaded, _, _) = try AdapterFile.load(
      AdapterContents(folder: folder.path), other.sites, other.factors)
    try AdapterSet.attach(loaded)
    let expected = try model.session().outputs()
    #expect(distance(expected, try other.session().outputs()) < 1e-5)
  }
}
