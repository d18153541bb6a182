// A saved adapter finds its directions again where a solver has turned nearly equal ones.
import SVFTAdapters
import SVFTFormats
import SVFTLayers
import SVFTTensor
import TestKit
import Testing

@Suite struct FactorsRotationTests {
  /// A diagonal [8, 8] whose three largest singular values differ in the last bits only.
  private func model(_ store: FactorStore) throws -> (Projection, ModelSites, FactorStore) {
    let values = try Buffer(of: Float.self, count: 64)
    let sigma: [Float] = [2, Float(2).nextDown, Float(2).nextDown.nextDown, 1, 0.8, 0.6, 0.4, 0.2]
    for (index, value) in sigma.enumerated() { values.values(Float.self)[index * 9] = value }
    let slot = Slot(
      name: "m.weight",
      weight: try Weight(format: ElementFormats.f32, rows: 8, columns: 8, bytes: values),
      shape: [8, 8])
    let projection = Projection(name: "m", weight: slot, bias: nil)
    return (projection, ModelSites(projections: [projection], heads: [], slots: []), store)
  }

  private func delta(_ method: any AdapterMethod, _ projection: Projection) throws -> [Float] {
    var rows = [Float](repeating: 0, count: 64)
    try method.addDelta(projection, rows: 0..<8, scale: 1, to: &rows)
    return rows
  }

  /// Turns directions 0 and 1 of the cached factors by 40 degrees.
  private func rotate(_ folder: TemporaryFolder) throws {
    let name = try #require(try FileSystem.list(folder.path).first { $0.hasSuffix(".safetensors") })
    let file = try Safetensors(folder.file(name), access: .copied)
    let parts = try file.names.map { OutgoingTensor.Part($0, try file.bytes($0)) }
    let (sine, cosine) = (Float(0.6427876), Float(0.7660444))
    func turn(_ values: UnsafeMutableBufferPointer<Float>, _ a: Int, _ b: Int) {
      (values[a], values[b]) = (
        cosine * values[a] + sine * values[b], cosine * values[b] - sine * values[a]
      )
    }
    for part in parts where part.name != "S" {
      for k in 0..<8 {
        let isLeft = part.name == "U"
        turn(part.bytes.values(), isLeft ? k * 8 : k, isLeft ? k * 8 + 1 : 8 + k)
      }
    }
    var hash = SHA256()
    for part in parts { hash.update(part.bytes.bytes) }
    let metadata = file.metadata.map { ($0.key, $0.key == "sha256" ? hash.hexadecimal : $0.value) }
    let tensors = try parts.map { part in
      let entry = try file.require(part.name)
      return OutgoingTensor(part.name, entry.shape, entry.type, bytes: part.bytes)
    }
    try SafetensorsWriter.write(folder.file(name), tensors, metadata: metadata)
  }

  @Test func adaptersFindTheirDirectionsInRotatedClusters() throws {
    let (cache, saved) = (try TemporaryFolder(), try TemporaryFolder())
    let options = try AdapterOptions(["method": "svft", "pattern": "banded", "d": 1])
    let (projection, sites, store) = try model(FactorStore(cacheFolder: cache.path))
    let method = try options.method().init(options, sites, store)
    #expect(method.parameters[0].count == 22)
    method.disturb()
    try AdapterFile.save(method, options.object, to: saved.path)
    let expected = try delta(method, projection)

    try rotate(cache)
    let (other, otherSites, rotated) = try model(FactorStore(cacheFolder: cache.path))
    // The turned factors are really used: the same coefficients mean something else there.
    let fresh = try options.method().init(options, otherSites, rotated)
    fresh.disturb()
    #expect(distance(expected, try delta(fresh, other)) > 1e-2)
    let (loaded, _, _) = try AdapterFile.load(
      AdapterContents(folder: saved.path), otherSites, rotated)
    #expect(distance(expected, try delta(loaded, other)) < 1e-4)
  }
}

extension OutgoingTensor {
  /// A tensor's name with its bytes.
  fileprivate struct Part {
    let name: String
    let bytes: Buffer

    init(_ name: String, _ bytes: Buffer) {
      self.name = name
      self.bytes = bytes
    }
  }
}
