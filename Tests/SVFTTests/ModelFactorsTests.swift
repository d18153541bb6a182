// Factoring a model ahead of its adapters: the report, truncated factors, wrong options.
import SVFT
import SVFTFormats
import SVFTTensor
import TestKit
import Testing

@Suite struct ModelFactorsTests {
  private func report(_ model: Model, _ options: String) throws -> JSON.Object {
    try JSON.parse(model.factor(options: options)).root("report")
  }

  private func layers(_ report: JSON.Object) throws -> [JSON.Object] {
    guard case .array(let layers) = try report.value("layers") else { return [] }
    return try layers.map { try $0.root("layer") }
  }

  @Test func theReportHasTimeAndErrorsOfEachMatrix() throws {
    let model = try TinyVerbs().model()
    let report = try report(model, #"{"targets": ["q_proj", "v_proj"]}"#)
    let layers = try layers(report)
    #expect(try report.int("matrices") == 4 && layers.count == 4)
    #expect(try report.double("largest_residual") < 3e-7)
    #expect(try report.double("largest_departure") < 2e-6)
    for layer in layers {
      #expect(try layer.double("seconds") > 0 && layer.double("residual") < 3e-7)
      #expect(try layer.string("method").isEmpty == false)
    }
  }

  @Test func truncatedFactorsSayWhatTheyLeaveOut() throws {
    let model = try TinyVerbs().model()
    let two = try layers(report(model, #"{"targets": ["q_proj"], "rank": 2, "iterations": 3}"#))
    let six = try layers(report(model, #"{"targets": ["q_proj"], "rank": 6, "iterations": 3}"#))
    for (one, other) in zip(two, six) {
      #expect(try one.int("order") == 2 && other.int("order") == 6)
      #expect(try one.double("residual") > other.double("residual"))
      #expect(try other.double("residual") > 1e-3)
    }
  }

  @Test(arguments: [
    #"{"rank": 0}"#, #"{"rank": 2, "iterations": 65}"#, #"{"iterations": 2}"#, #"{"depth": 1}"#,
    "[]", "rank",
  ])
  func wrongOptionsAreRefused(options: String) throws {
    let model = try TinyVerbs().model()
    let error = #expect(throws: SVFTError.self) { try model.factor(options: options) }
    #expect(error?.kind == .invalidArgument)
  }

  @Test func anAdapterOfRandomisedFactorsIsSavedAndFound() throws {
    let tiny = try TinyVerbs()
    let options = #"{"method": "svft", "targets": ["q_proj"], "rank": 4, "iterations": 2}"#
    let adapter = try tiny.model().createAdapter(options)
    let folder = tiny.folder.file("adapter")
    try adapter.save(to: folder)
    _ = try tiny.model().loadAdapter(folder)
    let error = #expect(throws: SVFTError.self) {
      try tiny.model().createAdapter(#"{"method": "svft", "iterations": 2}"#)
    }
    #expect(error?.kind == .invalidArgument && error?.message.contains("rank") == true)
  }
}
