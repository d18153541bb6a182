// One factor beside products that round: the change must not drown in what is divided by small σ.
import SVFTAdapters
import SVFTFormats
import SVFTLayers
import SVFTTensor
import TestKit
import Testing

@Suite struct OneSidedNoiseTests {
  /// Outputs and gradients by the format's custom stay as near to those of both factors as the
  /// products of the base are to exact ones.
  @Test(arguments: ["BF16", "Q8_0", "Q4_0"], ["f32", "q8_0"])
  func theChangeDoesNotDrown(format: String, factors: String) throws {
    let oneSided: JSON = ["method": "svft", "form": "one-sided", "factors": .string(factors)]
    let both: JSON = ["method": "svft", "form": "additive"]
    func run(_ options: JSON, _ compute: Compute, trains: Bool) throws -> [Float] {
      let chain = try TinyChain(
        try #require(ElementFormats.named(format)), falling: 0.8)
      let method = try chain.method(options)
      for parameter in method.parameters {
        for index in parameter.values.indices { parameter.values[index] = 0.2 }
      }
      try AdapterSet.attach(method)
      let session = try chain.session(training: trains)
      session.batch.compute = compute
      return try trains ? session.gradients() : session.outputs()
    }
    for trains in [false, true] {
      let usual = try distance(
        run(both, .f32, trains: trains), run(both, .standard, trains: trains))
      let own = try distance(
        run(oneSided, .f32, trains: trains), run(oneSided, .standard, trains: trains))
      #expect(own < 3 * usual + 1e-3, "\(own) beside \(usual)")
    }
  }

  /// A square matrix of random numbers has small σ, rectangles have none.
  @Test func onlyWhatNeedsItIsMultipliedInFull() throws {
    func costs(_ format: any ElementFormat) throws -> [Int] {
      let method = try TinyChain(format).method(["method": "svft", "form": "one-sided"])
      return try method.plan.members.map {
        Int(try $0.1.root("plan").double("inference_cost").rounded())
      }
    }
    #expect(try costs(ElementFormats.f32) == [3, 3, 3])
    // A product with W more; rows of 24 stay F32.
    #expect(try costs(try #require(ElementFormats.named("Q8_0"))) == [4, 3, 3])
  }

  /// diag(1, …, 1e-5): in F32 too, both factors are nearer to the change.
  @Test func steepSpectraAreLeftToBothFactors() throws {
    let buffer = try Buffer(of: Float.self, count: 8 * 4)
    for index in 0..<4 {
      buffer.values(Float.self)[index * 4 + index] = [1, 0.5, 0.25, 1e-5][index]
    }
    let slot = Slot(
      name: "m.weight",
      weight: try Weight(format: ElementFormats.f32, rows: 8, columns: 4, bytes: buffer),
      shape: [8, 4])
    let sites = ModelSites(
      projections: [Projection(name: "m", weight: slot, bias: nil)], heads: [], slots: [])
    for (form, expected) in [("auto", SingularForm.additive), ("one-sided", .oneSided)] {
      let options = try AdapterOptions(["method": "svft", "form": .string(form)])
      let plan = try options.method().init(options, sites, FactorStore()).plan
      #expect(try plan.members.map { try $0.1.root("plan").string("form") } == [expected.rawValue])
    }
  }
}
