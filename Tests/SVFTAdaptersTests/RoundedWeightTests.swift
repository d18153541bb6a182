// One matrix rounded with its change: bit for bit the checkpoint's where nothing was trained, in
// either arrangement, and what quantising anew gives where scales are made anew.
import SVFTAdapters
import SVFTFormats
import SVFTLayers
import SVFTTensor
import TestKit
import Testing

@Suite struct RoundedWeightTests {
  static let formats = ElementFormats.small.filter {
    $0.name != "F32" && $0.kernels.hasCells
  }

  @Test(arguments: formats, ["dither", "stored", "recomputed"])
  func nothingTrainedIsTheCheckpoint(_ format: any ElementFormat, _ kind: String) throws {
    let awareness =
      kind == "recomputed"
      ? try RoundingBench.awareness("stored", kind) : try RoundingBench.awareness(kind)
    for method in ["svft", "lora"] {
      let bench = try RoundingBench(format, ["method": .string(method)])
      let pairs = bench.pairs(try bench.rounded(awareness))
      // Rows that are no whole number of blocks stay F32, and are not rounded.
      #expect(pairs.count == (format.blockLength > 1 ? 2 : 3))
      for (projection, weight) in pairs {
        #expect(try weight.fileBytes() == projection.weight.weight.fileBytes())
      }
    }
  }

  /// In strips it is the same matrix.
  @Test(arguments: ["Q8_0", "Q4_0"]) func stripsHoldTheSame(_ name: String) throws {
    let format = try ElementFormats.required(name)
    func weight(strips: Bool) throws -> Weight {
      let values = try Buffer(of: Float.self, count: 75 * 64)
      var random = RandomSource(seed: 1, purpose: "strips")
      for index in values.values(Float.self).indices {
        values.values(Float.self)[index] = Float(random.normal())
      }
      let bytes = try Buffer(byteCount: 75 * format.rowBytes(64))
      format.encode(
        values.pointer.assumingMemoryBound(to: Float.self), count: 75 * 64, into: bytes.pointer)
      let rows = try Weight(format: format, rows: 75, columns: 64, bytes: bytes)
      return strips ? try rows.inStrips(threads: 1) : rows
    }
    func made(strips: Bool) throws -> Weight {
      let slot = Slot(name: "q.weight", weight: try weight(strips: strips), shape: [75, 64])
      let projection = Projection(name: "q", weight: slot, bias: nil)
      let sites = ModelSites(projections: [projection], heads: [], slots: [])
      let method = try LoRA(AdapterOptions(["method": "lora"]), sites, FactorStore())
      method.disturb()
      let rounded = try RoundedModules(
        method, scale: 1, RoundingBench.awareness("dither"), threads: 2, stored: nil)
      let weight = try #require(rounded.matrix(projection)?.weight)
      #expect(weight.matrix.arrangement == slot.weight.matrix.arrangement)
      return weight
    }
    #expect(try made(strips: true).fileBytes() == made(strips: false).fileBytes())
  }

  @Test(arguments: formats) func scalesMayBeMadeAnew(_ format: any ElementFormat) throws {
    let bench = try RoundingBench(format, ["method": "lora"])
    bench.method.disturb(0.3)
    let rounded = try bench.rounded(RoundingBench.awareness("stored", "recomputed"))
    for (projection, weight) in bench.pairs(rounded) {
      var values = [Float](repeating: 0, count: weight.rows * weight.columns)
      let (slot, latent) = (projection.weight, try bench.latents.slot(projection.weight.name))
      values.withUnsafeMutableBufferPointer { buffer in
        guard let base = buffer.baseAddress else { return }
        for row in 0..<weight.rows {
          let place = latent.rowOrder.stored(slot.rowOrder.canonical(row))
          latent.weight.decode(rows: place..<place + 1, into: base + row * weight.columns)
        }
      }
      try bench.method.addDelta(projection, rows: 0..<weight.rows, scale: 1, to: &values)
      let bytes = try Buffer(byteCount: format.rowBytes(values.count))
      format.encode(values, count: values.count, into: bytes.pointer)
      #expect(try weight.fileBytes() == withExtendedLifetime(bytes) { Array(bytes.bytes) })
    }
  }
}
