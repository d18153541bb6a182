// The dense form of SVFT: equal to the additive one, and refreshed when told.
import SVFTAdapters
import SVFTFormats
import SVFTLayers
import SVFTTensor
import Testing

@Suite struct MaterialisedProductTests {
  @Test(arguments: ["plain", "banded", "random"])
  func materialisedEqualsAdditive(pattern: String) throws {
    func run(_ form: String) throws -> [[Float]] {
      let model = try TinyChain(interleaved: true)
      var options: JSON.Object = .init()
      options["method"] = "svft"
      options["pattern"] = .string(pattern)
      options["form"] = .string(form)
      let method = try model.method(.object(options))
      method.disturb()
      try AdapterSet.attach(method, scale: 0.8)
      let session = try model.session(training: true)
      let outputs = try session.outputs()
      return try [outputs, session.gradients()] + method.parameters.map { Array($0.gradients) }
    }
    for (one, other) in zip(try run("additive"), try run("materialised")) {
      #expect(distance(one, other) < 1e-5)
    }
  }

  @Test func refreshFollowsTheCoefficients() throws {
    let model = try TinyChain()
    let method = try model.method(["method": "svft", "form": "materialised"])
    try AdapterSet.attach(method)
    let session = try model.session()
    let before = try session.outputs()
    method.parameters[0].values[0] = 1
    #expect(try session.outputs() == before)
    method.refresh(threads: 3)
    let after = try session.outputs()
    #expect(after != before)
    method.refresh(threads: 1)
    #expect(try session.outputs() == after)
  }

  @Test func aMatrixAboveAnotherAdapterAddsToIt() throws {
    let model = try TinyChain()
    let lora = try model.method(["method": "lora"])
    let svft = try model.method(["method": "svft", "form": "materialised"])
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
