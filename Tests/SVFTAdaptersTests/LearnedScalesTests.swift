// Trained block scales: they begin with the checkpoint's, and are saved and found again in any
// order of rows.
import SVFTAdapters
import SVFTFormats
import SVFTLayers
import SVFTTensor
import TestKit
import Testing

@Suite struct LearnedScalesTests {
  @Test(arguments: RoundedWeightTests.formats)
  func oneForEachBlockOfAFormatThatHasThem(_ format: any ElementFormat) throws {
    let bench = try RoundingBench(format, ["method": "lora"])
    let scales = try LearnedScales(bench.method.projections)
    let has = format.blockLength > 1
    #expect(scales.parameters.map(\.count) == (has ? [32, 24] : []))
    #expect(scales.parameters.allSatisfy { !$0.decays && $0.name.hasSuffix("_proj.svft_scales") })
    #expect(scales.belong(to: bench.method))
    let rounded = try bench.rounded(
      RoundingBench.awareness("stored", "learned"), learned: scales)
    for (projection, weight) in bench.pairs(rounded) {
      #expect(try weight.fileBytes() == projection.weight.weight.fileBytes())
    }
  }

  /// Scales move alone: codes stay nearest to the latents.
  @Test func aLargerScaleRoundsToSmallerCodes() throws {
    let bench = try RoundingBench(Q4_0(), ["method": "lora"])
    let scales = try LearnedScales(bench.method.projections)
    for parameter in scales.parameters { parameter.values.update(repeating: 2) }
    let rounded = try bench.rounded(
      RoundingBench.awareness("stored", "learned"), learned: scales)
    for (projection, weight) in bench.pairs(rounded) {
      let (after, before) = (try weight.fileBytes(), try projection.weight.weight.fileBytes())
      for block in stride(from: 0, to: after.count, by: 18) {
        func scale(_ bytes: [UInt8]) -> Float {
          Float(Float16(bitPattern: UInt16(bytes[block]) | UInt16(bytes[block + 1]) << 8))
        }
        #expect(abs(scale(after) / scale(before) - 1.2) < 1e-3)
      }
      // The largest of a block was its code 0, and is -8 · 1 / 1.2 steps now.
      #expect(after.indices.contains { $0 % 18 > 1 && after[$0] != before[$0] })
      var (x, y) = (
        [Float](repeating: 0, count: weight.rows * weight.columns),
        [Float](repeating: 0, count: weight.rows * weight.columns)
      )
      weight.decode(rows: 0..<weight.rows, into: &x)
      projection.weight.weight.decode(rows: 0..<weight.rows, into: &y)
      #expect(shareOfDifference(y, x) < 0.02)
    }
  }

  @Test func aSavedAdapterHasThem() throws {
    let options: JSON = [
      "method": "lora", "r": 2, "quantization_aware": "learned", "latents": "dither", "seed": 5,
    ]
    let bench = try RoundingBench(Q8_0(), options)
    let scales = try LearnedScales(bench.method.projections)
    for (number, parameter) in scales.parameters.enumerated() {
      for index in parameter.values.indices { parameter.values[index] = Float(index + number) / 64 }
    }
    let folder = try TemporaryFolder()
    let awareness = try #require(try QuantizationAwareness(AdapterOptions(options)))
    let (key, value) = awareness.entry(codes: nil)
    var company = AdapterFile.Company()
    company.entries = JSON.Object([(key, value)])
    company.tensors = try scales.state()
    try AdapterFile.save(
      bench.method, options.root("options"), to: folder.path, with: company)
    let other = try TinyChain(Q8_0(), interleaved: false)
    let (method, again, found) = try AdapterFile.load(
      AdapterContents(folder: folder.path), other.sites, other.factors)
    #expect(again["quantization_aware"] == "learned" && again["latents"] == "dither")
    let loaded = try #require(found)
    #expect(loaded.belong(to: method) && !loaded.belong(to: bench.method))
    // The rows of q_proj lie interleaved in the one, and not in the other.
    let order = RowOrder.interleaved(headWidth: 8)
    for row in 0..<32 {
      #expect(loaded.parameters[0].values[row] == scales.parameters[0].values[order.stored(row)])
    }
    #expect(loaded.parameters[1].values.elementsEqual(scales.parameters[1].values))
    // Without them the file is not whole.
    company.tensors = []
    try AdapterFile.save(
      bench.method, options.root("options"), to: folder.file("less"), with: company)
    let failure = #expect(throws: SVFTError.self) {
      try AdapterFile.load(
        AdapterContents(folder: folder.file("less")), other.sites, other.factors)
    }
    #expect(failure?.kind == .format && failure?.message.contains("svft_scales") == true)
  }
}
