// Rotary frequencies against formulas written another way.
import Foundation
import SVFTFormats
import SVFTModels
import SVFTTensor
import Testing

@Suite("RopeScaling")
struct RopeScalingTests {
  private static func scaling(_ section: JSON, theta: Double = 10_000) throws -> RopeScaling {
    try RopeScaling(
      Hyperparameters(
        JSON.Object([("rope_scaling", section), ("rope_theta", .number(theta))]),
        dialect: .huggingFace, file: "config.json"))
  }

  @Test("Without scaling pair i turns by theta to the power -2i/D")
  func unscaled() throws {
    for section in [JSON.null, ["rope_type": "default"]] {
      let found = try Self.scaling(section).inverseFrequencies(theta: 10_000, headWidth: 8)
      let expected: [Float] = [1, 0.1, 0.01, 0.001]
      #expect(distance(found, expected) < 1e-7)
    }
  }

  @Test("Linear scaling divides every frequency", arguments: ["rope_type", "type"])
  func linear(_ key: String) throws {
    let section = JSON.object(JSON.Object([(key, "linear"), ("factor", 4)]))
    let found = try Self.scaling(section).inverseFrequencies(theta: 10_000, headWidth: 4)
    #expect(distance(found, [0.25, 0.0025]) < 1e-8)
  }

  @Test("Llama 3 scaling equals the published rule, said by turns within the original context")
  func llama3() throws {
    let section: JSON = [
      "rope_type": "llama3", "factor": 32.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
      "original_max_position_embeddings": 8192,
    ]
    let found = try Self.scaling(section).inverseFrequencies(theta: 500_000, headWidth: 64)
    // Another account of the same rule: t turns within the original context; t ≤ low divides by the
    // factor, t ≥ high leaves, between them the two frequencies are mixed linearly in t.
    var kinds: Set<Int> = []
    for pair in 0..<32 {
      let plain = exp(-Double(pair) / 32 * log(500_000))
      let turns = 8192 * plain / (2 * Double.pi)
      let share = min(1, max(0, (turns - 1) / 3))
      kinds.insert(share == 0 ? 0 : share == 1 ? 2 : 1)
      let expected = plain * (share + (1 - share) / 32)
      #expect(abs(Double(found[pair]) / expected - 1) < 1e-6)
    }
    #expect(kinds == [0, 1, 2])
  }

  @Test("The factors that GGUF stores give the frequencies of the rule they were made from")
  func factors() throws {
    let rule = RopeScaling.llama3(factor: 8, low: 1, high: 4, original: 8192)
    let factors = try #require(rule.factors(theta: 500_000, headWidth: 128))
    let stored = RopeScaling.factors(factors).inverseFrequencies(theta: 500_000, headWidth: 128)
    let direct = rule.inverseFrequencies(theta: 500_000, headWidth: 128)
    for (a, b) in zip(stored, direct) { #expect(abs(a / b - 1) < 1e-6) }
  }

  @Test("Newer files say theta beside the scaling")
  func parameters() throws {
    let section: JSON = ["rope_type": "default", "rope_theta": 5000.0]
    let hyper = Hyperparameters(
      JSON.Object([("rope_parameters", section)]), dialect: .huggingFace, file: "config.json")
    #expect(try RopeScaling.theta(hyper) == 5000)
    #expect(try RopeScaling(hyper) == .none)
  }

  @Test("A rule survives config.json, where it can be said")
  func roundTrip() throws {
    let rules: [RopeScaling] = [
      .none, .linear(factor: 2.5), .llama3(factor: 8, low: 1, high: 4, original: 8192),
    ]
    for rule in rules {
      #expect(try Self.scaling(rule.json(theta: 10_000, headWidth: 8)) == rule)
    }
  }

  @Test("Stored factors become the rule they were made from, or an equal one")
  func rediscovered() throws {
    let cases: [(factor: Double, low: Double, high: Double, original: Double, theta: Double)] = [
      (8, 1, 4, 8192, 500_000), (32, 1, 4, 8192, 500_000), (8, 1, 4, 32, 10_000),
      (16, 2, 8, 8192, 500_000), (4, 1, 2.5, 6000, 100_000),
    ]
    for item in cases {
      for width in [16, 64, 128] {
        let rule = RopeScaling.llama3(
          factor: item.factor, low: item.low, high: item.high, original: item.original)
        let factors = try #require(rule.factors(theta: item.theta, headWidth: width))
        // With few pairs between the bounds only the published ones are known.
        let between = factors.filter { $0 > 1.001 && Double($0) < item.factor * 0.999 }.count
        guard between > 1 || item.high == 4 && item.low == 1 else { continue }
        let section = try RopeScaling.factors(factors).json(theta: item.theta, headWidth: width)
        let found = try Self.scaling(section)
        let again = try #require(found.factors(theta: item.theta, headWidth: width))
        for (a, b) in zip(factors, again) { #expect(abs(a / b - 1) < 3e-4) }
        guard item.low == 1, between > 1 else { continue }
        guard case .llama3(let factor, 1, let high, let original) = found else {
          Issue.record("\(found)")
          continue
        }
        #expect(factor == item.factor && abs(high - item.high) < 2e-3)
        #expect(abs(original / item.original - 1) < 1e-3)
      }
    }
    #expect(try RopeScaling.factors([1, 1]).json(theta: 10_000, headWidth: 4) == .null)
  }

  @Test(
    "Other factors have no place in a config.json", arguments: [[1, 3, 2, 5], [2, 2], [0.5, 1]])
  func strangeFactors(_ factors: [Float]) {
    #expect {
      _ = try RopeScaling.factors(factors).json(theta: 10_000, headWidth: factors.count * 2)
    } throws: {
      ($0 as? SVFTError)?.kind == .unsupported
        && ($0 as? SVFTError)?.message.contains("rope_freqs") == true
    }
  }

  @Test("In a GGUF file a factor is linear unless it says otherwise, under either name")
  func ggufFactor() throws {
    func scaling(_ values: KeyValuePairs<String, JSON>) throws -> RopeScaling {
      let object = JSON.Object(values.map { (key: "llama.rope." + $0.key, value: $0.value) })
      return try RopeScaling(
        Hyperparameters(object, dialect: .gguf(architecture: "llama"), file: "m.gguf"))
    }
    #expect(try scaling(["scaling.factor": 4.0]) == .linear(factor: 4))
    #expect(try scaling(["scale_linear": 4.0]) == .linear(factor: 4))
    #expect(try scaling(["scale_linear": 4.0, "scaling.factor": 2.0]) == .linear(factor: 2))
    #expect(try scaling(["scaling.type": "none", "scaling.factor": 2.0]) == .none)
    #expect(try scaling(["scaling.type": "linear"]) == .none)
    #expect(try scaling(["scaling.factor": 0.0]) == .none)
    #expect(try scaling([:]) == .none)
    #expect(throws: SVFTError.self) { try scaling(["scaling.type": "spiral"]) }
    let yarn: KeyValuePairs<String, JSON> = [
      "scaling.type": "yarn", "scaling.factor": 4.0, "scaling.original_context_length": 512,
    ]
    #expect(try scaling(yarn) == .yarn(RopeScaling.YaRN(factor: 4, original: 512)))
    #expect(throws: SVFTError.self) { try scaling(["scaling.factor": -1.0]) }
  }
}
