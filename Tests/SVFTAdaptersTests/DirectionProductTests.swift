// Products with directions in several runs: for every number of rows what the merged matrix gives.
import SVFTAdapters
import SVFTFormats
import SVFTLayers
import SVFTTensor
import Testing

@Suite struct DirectionProductTests {
  @Test(arguments: ["bf16", "q8_0"], [1, 2, 3, 5, 16, 33])
  func anyNumberOfRowsIsTheMergedMatrix(format: String, rows: Int) throws {
    let model = try TinyChain()
    let method = try model.method([
      "method": "svft", "pattern": "banded", "d": 1, "factors": .string(format),
    ])
    method.disturb()
    try AdapterSet.attach(method)
    let applied = try model.session(rows: rows, threads: 3).outputs()
    let merged = try TinyChain()
    for (from, to) in zip(model.sites.projections, merged.sites.projections) {
      let target = to.weight.weight.bytes.pointer.assumingMemoryBound(to: Float.self)
      guard !from.attachments.isEmpty else { continue }
      try method.addDelta(from, rows: 0..<from.rows, scale: 1, to: target)
    }
    #expect(distance(applied, try merged.session(rows: rows, threads: 1).outputs()) < 1e-5)
  }

  /// Above another adapter the change is made of x alone.
  @Test func itAddsToWhatLiesBeneath() throws {
    let model = try TinyChain()
    let lora = try model.method(["method": "lora"])
    let svft = try model.method(["method": "svft", "factors": "q8_0", "pattern": "banded"])
    lora.disturb()
    svft.disturb()
    try AdapterSet.attach(svft)
    try AdapterSet.attach(lora)
    let one = try model.session().outputs()
    AdapterSet.detach(svft)
    try AdapterSet.attach(svft)
    #expect(distance(one, try model.session().outputs()) < 1e-5)
  }
}
