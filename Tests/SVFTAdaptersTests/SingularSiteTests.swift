// All forms are the same adapter: outputs, gradients, deltas; and which one a module gets.
import SVFTAdapters
import SVFTFormats
import SVFTLayers
import SVFTTensor
import TestKit
import Testing

@Suite struct SingularSiteTests {
  private func options(_ form: String, pattern: String = "banded") -> JSON {
    [
      "method": "svft", "pattern": .string(pattern), "d": .integer(pattern == "plain" ? 0 : 2),
      "form": .string(form),
    ]
  }

  /// What each module of an adapter is computed as, at rest or in training.
  private func forms(_ method: any AdapterMethod, _ key: String = "form") throws -> [String] {
    try method.plan.members.map { try $0.1.root("plan").string(key) }
  }

  @Test(
    arguments: ["plain", "banded", "random"], SingularForm.allCases.map(\.rawValue))
  func everyFormEqualsTheAdditiveOne(pattern: String, form: String) throws {
    func run(_ form: String) throws -> [[Float]] {
      let model = try TinyChain(interleaved: true)
      let method = try model.method(options(form, pattern: pattern))
      #expect(try forms(method) == [form, form, form])
      method.disturb()
      try AdapterSet.attach(method, scale: 0.8)
      let session = try model.session(training: true)
      let outputs = try session.outputs()
      return try [outputs, session.gradients()] + method.parameters.map { Array($0.gradients) }
        + [model.session().outputs()]
    }
    for (one, other) in zip(try run("additive"), try run(form)) {
      #expect(distance(one, other) < 2e-5)
    }
  }

  @Test(arguments: ["additive", "one-sided"], ElementFormats.small.map(\.name))
  func aFreshAdapterIsNoughtBitForBit(form: String, format: String) throws {
    let model = try TinyChain(try #require(ElementFormats.named(format)))
    let before = try model.session().outputs()
    try AdapterSet.attach(try model.method(options(form)))
    #expect(try model.session().outputs() == before)
  }

  @Test func theCheapestFormIsTakenAndFollowsTheSteps() throws {
    let method = try TinyChain().method(options("auto", pattern: "plain"))
    // Exact until it trains: a square one gains nothing from one factor, rectangles do.
    #expect(try forms(method) == ["additive", "one-sided", "one-sided"])
    // The square one costs the same materialised, but for n products of each step.
    #expect(method.expect(.training(rowsPerUpdate: 512)) == .nothing)
    #expect(try forms(method, "training_form").dropFirst() == ["factored", "factored"])
    #expect(method.expect(.training(rowsPerUpdate: 1)) == .nothing)
    #expect(try forms(method) == ["additive", "one-sided", "one-sided"])
    let fixed = try TinyChain().method(options("additive"))
    #expect(fixed.expect(.training(rowsPerUpdate: 1 << 20)) == .nothing)
    #expect(try forms(fixed, "training_form") == ["additive", "additive", "additive"])
  }

  /// What an adapter gives when it has trained is what it gives when it is loaded.
  @Test func trainingInAnotherFormLeavesInferenceAsItWas() throws {
    let model = try TinyChain()
    let method = try model.method(options("auto"))
    method.disturb()
    try AdapterSet.attach(method)
    let before = try model.session().outputs()
    _ = method.expect(.training(rowsPerUpdate: 1 << 20))
    #expect(try model.session(training: true).outputs() != before)
    #expect(try model.session().outputs() == before)
  }

  @Test func withFewDirectionsWIsNotDropped() throws {
    let method = try TinyChain().method(["method": "svft", "rank": 3, "form": "auto"])
    #expect(try forms(method, "training_form").allSatisfy { $0 != "factored" })
    let asked = try TinyChain().method(["method": "svft", "rank": 3, "form": "factored"])
    #expect(try forms(asked) == ["additive", "additive", "additive"])
  }

  @Test func approximateFactorsDoNotCompleteEachOther() throws {
    for form in ["one-sided", "auto"] {
      let method = try TinyChain().method([
        "method": "svft", "rank": 3, "iterations": 0, "form": .string(form),
      ])
      for key in ["form", "training_form"] {
        #expect(try forms(method, key).allSatisfy { $0 != "one-sided" })
      }
    }
  }

  /// diag(1, 1e-7): 1/σ of the second direction would only enlarge rounding.
  @Test func tinySingularValuesAreNotDividedBy() throws {
    let buffer = try Buffer(of: Float.self, count: 4)
    _ = buffer.values(Float.self).update(fromContentsOf: [1, 0, 0, 1e-7])
    let slot = Slot(
      name: "m.weight",
      weight: try Weight(format: ElementFormats.f32, rows: 2, columns: 2, bytes: buffer),
      shape: [2, 2])
    let sites = ModelSites(
      projections: [Projection(name: "m", weight: slot, bias: nil)], heads: [], slots: [])
    let options = try AdapterOptions(["method": "svft", "form": "one-sided"])
    let method = try options.method().init(options, sites, FactorStore())
    #expect(try forms(method) == ["additive"])
  }
}
