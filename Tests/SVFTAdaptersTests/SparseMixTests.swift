// The op between the factors: the gate, and gradients that add up.
import SVFTAdapters
import SVFTFormats
import SVFTLayers
import SVFTTensor
import Testing

@Suite struct SparseMixTests {
  @Test func gateHalvesTheCoefficientsAtFirst() throws {
    let model = try TinyChain()
    let gated = try model.method(["method": "svft", "gate": true])
    let plain = try model.method(["method": "svft"])
    let projection = gated.projections[0]
    for method in [gated, plain] {
      for index in method.parameters[0].values.indices { method.parameters[0].values[index] = 1 }
    }
    var half = [Float](repeating: 0, count: projection.rows * projection.columns)
    var whole = half
    try gated.addDelta(projection, rows: 0..<projection.rows, scale: 2, to: &half)
    try plain.addDelta(projection, rows: 0..<projection.rows, scale: 1, to: &whole)
    #expect(distance(whole, half) < 1e-6)
  }

  @Test func gradientsAddUpOverMicroBatches() throws {
    let model = try TinyChain()
    let method = try model.method([
      "method": "svft", "pattern": "banded", "d": 2, "gate": true,
    ])
    method.disturb()
    try AdapterSet.attach(method)
    let session = try model.session(training: true)
    try session.gradients()
    let once = method.parameters.map { Array($0.gradients) }
    try session.gradients()
    for (parameter, gradient) in zip(method.parameters, once) {
      #expect(distance(gradient.map { 2 * $0 }, Array(parameter.gradients)) < 1e-5)
    }
  }
}
