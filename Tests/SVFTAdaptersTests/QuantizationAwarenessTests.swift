// Which adapters are trained for rounded weights, and how: options, the entry of a file, refusals.
import SVFTAdapters
import SVFTFormats
import SVFTTensor
import Testing

@Suite struct QuantizationAwarenessTests {
  private func read(_ options: JSON) throws -> QuantizationAwareness? {
    try QuantizationAwareness(AdapterOptions(options))
  }

  @Test func onlyWhoAsksIsAware() throws {
    #expect(try read(["method": "svft"]) == nil)
    let usual = try #require(
      try read(["method": "svft", "quantization_aware": "frozen", "seed": 7]))
    #expect(usual.scales == .frozen && usual.latents == .auto && usual.seed == 7)
  }

  @Test func latentsAreWhatThereIs() throws {
    let auto = try RoundingBench.awareness("auto")
    #expect(try auto.resolved(hasStored: true).latents == .stored)
    #expect(try auto.resolved(hasStored: false).latents == .dither)
    let dither = try RoundingBench.awareness("dither")
    #expect(try dither.resolved(hasStored: true) == dither)
    for wanted in [
      try RoundingBench.awareness("stored"), try RoundingBench.awareness("auto", "recomputed"),
    ] {
      let failure = #expect(throws: SVFTError.self) { try wanted.resolved(hasStored: false) }
      #expect(failure?.kind == .mismatch && failure?.message.contains("latents") == true)
    }
  }

  @Test(arguments: [3, -1]) func aFileSaysTheSame(_ seed: Int) throws {
    let awareness = try RoundingBench.awareness("dither", seed: seed)
    let (key, value) = awareness.entry(codes: "abc")
    var options = JSON.Object([("method", "svft")])
    let text = try JSON.object(JSON.Object([(key, value)])).text(.compact)
    let config = try JSON.parse(text).root("adapter_config.json")
    #expect(try QuantizationAwareness.read(config, into: &options) == "abc")
    #expect(try read(.object(options)) == awareness)
    var fixed = JSON.Object([("method", "svft"), ("quantization_aware", "frozen")])
    awareness.fix(&fixed)
    #expect(fixed["latents"] == "dither")
    #expect(try QuantizationAwareness.read(JSON.Object(), into: &fixed) == nil)
  }

  @Test func learnedScalesHaveARateOfTheirOwn() throws {
    let learned: JSON = ["method": "svft", "quantization_aware": "learned"]
    #expect(try read(learned)?.scaleRate == 1)
    let slow = try #require(
      try read(["method": "svft", "quantization_aware": "learned", "scale_rate": 0.25]))
    #expect(slow.scaleRate == 0.25)
    let (key, value) = slow.entry(codes: nil)
    var options = JSON.Object([("method", "svft")])
    let text = try JSON.object(JSON.Object([(key, value)])).text(.compact)
    _ = try QuantizationAwareness.read(
      JSON.parse(text).root("adapter_config.json"), into: &options)
    #expect(try read(.object(options)) == slow)
    #expect(try slow.resolved(hasStored: false).scaleRate == 0.25)
  }

  @Test func malformedEntriesAreRefused() {
    for text in [
      #"{"svft_quantization_aware": 3}"#, #"{"svft_quantization_aware": {}}"#,
      #"{"svft_quantization_aware": {"scales": "frozen", "latents": "dither"}}"#,
    ] {
      var options = JSON.Object()
      let failure = #expect(throws: SVFTError.self) {
        try QuantizationAwareness.read(JSON.parse(text).root("adapter_config.json"), into: &options)
      }
      #expect(failure?.kind == .format)
    }
  }

  static let refused: [(JSON, SVFTError.Kind, String)] = [
    (
      ["method": "lora", "quantization_aware": "x"], .invalidArgument, "frozen, recomputed, learned"
    ),
    (["method": "lora", "quantization_aware": true], .invalidArgument, "quantization_aware"),
    (["method": "lora", "latents": "dither"], .invalidArgument, "alone"),
    (
      ["method": "lora", "quantization_aware": "frozen", "latents": "x"], .invalidArgument,
      "auto, stored, dither"
    ),
    (["method": "lora", "scale_rate": 2], .invalidArgument, "alone"),
    (
      ["method": "lora", "quantization_aware": "frozen", "scale_rate": 2], .invalidArgument,
      "scales are learned"
    ),
    (
      ["method": "lora", "quantization_aware": "learned", "scale_rate": -1], .invalidArgument,
      "scale_rate"
    ),
    (["method": "full", "quantization_aware": "frozen"], .unsupported, "full"),
    (
      ["method": "lora", "quantization_aware": "recomputed", "latents": "dither"],
      .invalidArgument, "dither"
    ),
  ]

  @Test(arguments: refused.indices) func whatMeansNothingIsRefused(_ index: Int) {
    let (options, kind, words) = Self.refused[index]
    let failure = #expect(throws: SVFTError.self) { try read(options) }
    #expect(failure?.kind == kind && failure?.message.contains(words) == true)
  }
}
