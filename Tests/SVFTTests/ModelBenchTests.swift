// Measuring speed leaves the model as it was and refuses what it cannot measure.
import SVFT
import SVFTFormats
import SVFTTensor
import TestKit
import Testing

@Suite struct ModelBenchTests {
  private static let small = #"{"prompt":8,"decode":4,"train":2,"repeats":2}"#

  @Test func everythingAskedForIsMeasured() throws {
    let model = try TinyVerbs().model()
    let before = try model.logits([1, 2, 3])
    let report = try JSON.parse(model.bench(Self.small)).root("report")
    for (key, tokens) in [("prefill", 8), ("decode", 4), ("train", 8)] {
      let part = try report.object(key)
      #expect(try part.int("tokens") == tokens)
      let (low, middle, high) = (
        try part.double("seconds_min"), try part.double("seconds"), try part.double("seconds_max")
      )
      #expect(low > 0 && low <= middle && middle <= high)
      let rate = try part.double("tokens_per_second")
      #expect(abs(rate * middle / Double(tokens) - 1) < 1e-9)
    }
    #expect(try report.int("peak_bytes") > 1 << 20)
    #expect(try model.logits([1, 2, 3]) == before)
    #expect(try model.attachedAdapters.isEmpty)
  }

  @Test func sequencesTogetherCountTogether() throws {
    let model = try TinyVerbs().model()
    let options = #"{"prompt":40,"decode":4,"batch":3,"repeats":1}"#
    let report = try JSON.parse(model.bench(options)).root("report")
    #expect(try report.object("prefill").int("tokens") == 3 * 40)
    #expect(try report.object("decode").int("tokens") == 3 * 4)
  }

  @Test func promptsThatShareAStepCountTogether() throws {
    let model = try TinyVerbs().model()
    let options = #"{"prompt":8,"decode":4,"train":1,"repeats":1,"grad_accumulation_steps":5}"#
    let report = try JSON.parse(model.bench(options)).root("report")
    #expect(try report.object("train").int("tokens") == 5 * 8)
  }

  @Test func anEncoderTrainsOrIsRefused() throws {
    let model = try TinyVerbs(encoder: true).model()
    let report = try JSON.parse(model.bench(#"{"prompt":8,"decode":4}"#)).root("report")
    #expect(!report.has("prefill") && !report.has("train"))
    let failure = #expect(throws: SVFTError.self) { try model.bench(Self.small) }
    #expect(failure?.kind == .unsupported)
    #expect(try model.attachedAdapters.isEmpty)
  }

  @Test(arguments: [
    #"{"prompt":0}"#, #"{"prompt":64}"#, #"{"prompt":60,"decode":9}"#, #"{"repeats":0}"#,
    #"{"batch":0}"#, #"{"batch":1025}"#, #"{"train":-1}"#, #"{"speed":1}"#, "[]",
    #"{"grad_accumulation_steps":0}"#,
    #"{"train":1,"adapter":{"method":"x"}}"#,
  ])
  func badOptionsAreRefused(_ options: String) throws {
    let model = try TinyVerbs().model()
    let failure = #expect(throws: SVFTError.self) { try model.bench(options) }
    #expect([.invalidArgument, .unsupported].contains(failure?.kind))
  }
}
