// Directions keep their places however many runs they are in: single coefficients act where those
// of exact factors do.
import SVFTAdapters
import SVFTFormats
import SVFTLayers
import Testing

@Suite struct DirectionsTests {
  @Test(arguments: [0, 5, 20, 31])
  func coefficientsActOnTheirOwnDirections(direction: Int) throws {
    func outputs(_ options: JSON) throws -> [Float] {
      let model = try TinyChain()
      let method = try model.method(options)
      method.parameters[0].values[direction] = 0.5
      try AdapterSet.attach(method)
      return try model.session().outputs()
    }
    let exact = try outputs(["method": "svft", "targets": ["q_proj"], "form": "additive"])
    let rounded = try outputs(["method": "svft", "targets": ["q_proj"], "factors": "q8_0"])
    #expect(distance(exact, rounded) < 0.02)
    #expect(distance(exact, try TinyChain().session().outputs()) > 0.02)
  }
}
