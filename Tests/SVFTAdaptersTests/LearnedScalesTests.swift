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
    let scales = try LearnedScales(bench.method.projections, rate: 3)
    let has = format.blockLength > 1
    #expect(scales.parameters.map(\.count) == (has ? [32, 24] : []))
    #expect(
      scales.parameters.allSatisfy { !$0.decays && $0.name.hasSuffix("_proj.svft_scale_changes") })
    #expect(scales.parameters.allSatisfy { $0.rateFactor == 3 })
    #expect(scales.belong(to: bench.method))
    let rounded = try bench.rounded(
      RoundingBench.awareness("stored", "learned"), learned: scales)
    for (projection, weight) in bench.pairs(rounded) {
      #expect(try weight.fileBytes() == projection.weight.weight.fileBytes())
    }
  }

  /// Codes are those of the checkpoint's scales; what stands before them changes alone, within
  /// bounds.
  @Test(arguments: [(0.2, 1.2), (-0.5, 0.5), (-3, 0.25), (9, 4), (.nan, 0.25)] as [(Float, Float)])
  func aBlockIsMultiplied(_ p: Float, _ factor: Float) throws {
    let bench = try RoundingBench(Q4_0(), ["method": "lora"])
    bench.method.disturb(0.1)
    let frozen = try bench.rounded(RoundingBench.awareness("stored"))
    let scales = try LearnedScales(bench.method.projections, rate: 1)
    for parameter in scales.parameters { parameter.values.update(repeating: p) }
    let rounded = try bench.rounded(
      RoundingBench.awareness("stored", "learned"), learned: scales)
    for ((projection, weight), (_, other)) in zip(bench.pairs(rounded), bench.pairs(frozen)) {
      let (after, before) = (try weight.fileBytes(), try other.fileBytes())
      #expect(try before != projection.weight.weight.fileBytes())
      for block in stride(from: 0, to: after.count, by: 18) {
        func scale(_ bytes: [UInt8]) -> Float {
          Float(Float16(bitPattern: UInt16(bytes[block]) | UInt16(bytes[block + 1]) << 8))
        }
        #expect(scale(after) == Float(Float16(scale(before) * factor)))
        #expect(after[block + 2..<block + 18] == before[block + 2..<block + 18])
      }
    }
  }

  @Test func aSavedAdapterHasThem() throws {
    let options: JSON = [
      "method": "lora", "r": 2, "quantization_aware": "learned", "latents": "dither", "seed": 5,
      "scale_rate": 0.5,
    ]
    let bench = try RoundingBench(Q8_0(), options)
    let scales = try LearnedScales(bench.method.projections, rate: 3)
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
    #expect(again["scale_rate"] == 0.5 && loaded.parameters.allSatisfy { $0.rateFactor == 0.5 })
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
    #expect(failure?.kind == .format && failure?.message.contains("svft_scale_changes") == true)
  }
}
