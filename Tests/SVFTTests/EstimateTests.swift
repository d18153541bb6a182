// How an estimate is told: as JSON with every figure, as a table with the sum.
import SVFT
import SVFTFormats
import TestKit
import Testing

@Suite struct EstimateTests {
  static func estimate() throws -> Estimate {
    let tiny = try TinyVerbs()
    return try Model.estimate(path: tiny.folder.file("model"))
  }

  @Test func theJSONHasEveryFigure() throws {
    let estimate = try Self.estimate()
    let report = try JSON.parse(estimate.json()).root("report")
    #expect(try report.int("peak_bytes") == estimate.peak)
    #expect(try report.int("model_bytes") + report.int("process_bytes") == estimate.peak)
    let parts = try report.object("parts")
    for part in estimate.parts { #expect(try parts.int(part.name) == part.bytes) }
    #expect(parts.has("weights_mapped") && parts.has("key_value_cache") && parts.has("steps"))
    #expect(try report.object("stages").int("generation") > 0)
    #expect(try report.string("highest_stage") == estimate.highestStage)
  }

  @Test func theTableEndsWithThePeak() throws {
    let estimate = try Self.estimate()
    let lines = estimate.text.split(separator: "\n")
    #expect(lines.last?.hasPrefix("peak ") == true)
    #expect(lines.allSatisfy { $0.hasSuffix(" MiB") && $0.contains("...") })
    #expect(lines.contains { $0.hasPrefix("weights mapped ") })
  }
}
