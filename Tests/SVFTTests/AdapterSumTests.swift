// Adapters of a model added up: as if all were attached, each with its scale.
import SVFT
import SVFTFormats
import SVFTTensor
import TestKit
import Testing

@Suite struct AdapterSumTests {
  private static let ids: [Int32] = [1, 20, 30, 40, 50]

  private func trained(
    _ model: Model, _ tiny: TinyVerbs, _ method: String, steps: Int
  ) throws -> Adapter {
    let adapter = try model.createAdapter(method)
    try trainBriefly(adapter, try tiny.data(), steps: steps)
    return adapter
  }

  @Test(arguments: [
    (#"{"method":"svft"}"#, #"{"method":"svft","pattern":"banded","d":2}"#),
    (#"{"method":"lora","r":2}"#, #"{"method":"lora","r":3,"targets":["q_proj"]}"#),
  ]) func theSumIsWhatBothTogetherAre(_ one: String, _ two: String) throws {
    let tiny = try TinyVerbs()
    let model = try tiny.model()
    let terms = [
      try trained(model, tiny, one, steps: 2), try trained(model, tiny, two, steps: 3),
    ]
    try terms[0].setScale(0.75)
    try terms[1].setScale(-0.5)
    let expected = try model.logits(Self.ids)
    let (sum, text) = try Adapter.sum(of: terms)
    let report = try JSON.parse(text).root("report")
    #expect(try report.doubles("weights") == [0.75, -0.5] && report.double("left_out") == 0)
    for term in terms { try term.setScale(0) }
    #expect(relativeDistance(expected, try model.logits(Self.ids)) < 1e-5)
    // Saved, loaded, and in PEFT's form it is the same.
    try sum.save(to: tiny.folder.file("sum"))
    _ = try sum.export(to: tiny.folder.file("peft"), options: "{}")
    for path in ["sum", "peft"] {
      let other = try tiny.model()
      _ = try other.loadAdapter(tiny.folder.file(path))
      #expect(relativeDistance(expected, try other.logits(Self.ids)) < 1e-5)
    }
  }

  @Test(arguments: ["sum", "mean", "ties", "dare"]) func oneAloneIsItself(_ rule: String) throws {
    let tiny = try TinyVerbs()
    let model = try tiny.model()
    let term = try trained(model, tiny, #"{"method":"svft","pattern":"banded","d":1}"#, steps: 2)
    let options = ["ties": #","density":1"#, "dare": #","drop":0"#][rule] ?? ""
    let (sum, _) = try Adapter.sum(of: [term], options: "{\"rule\":\"\(rule)\"\(options)}")
    try term.save(to: tiny.folder.file("term"))
    try sum.save(to: tiny.folder.file("sum"))
    let (a, b) = (
      try Safetensors(tiny.folder.file("term/adapter_model.safetensors")),
      try Safetensors(tiny.folder.file("sum/adapter_model.safetensors"))
    )
    #expect(a.names == b.names)
    for name in a.names { #expect(try a.bytes(name).array == b.bytes(name).array) }
  }

  @Test func anAdapterSubtractedFromItselfIsNothing() throws {
    let tiny = try TinyVerbs()
    let model = try tiny.model()
    let before = try model.logits(Self.ids)
    let term = try trained(model, tiny, #"{"method":"svft"}"#, steps: 2)
    try term.save(to: tiny.folder.file("a"))
    let other = try model.loadAdapter(tiny.folder.file("a"), scale: -1)
    let (_, _) = try Adapter.sum(of: [term, other])
    for adapter in [term, other] { try adapter.detach() }
    #expect(try model.logits(Self.ids) == before)
  }

  @Test func whatCannotBeAddedIsRefused() throws {
    let tiny = try TinyVerbs()
    let (model, stranger) = (try tiny.model(), try tiny.model())
    let (svft, lora) = (
      try model.createAdapter(#"{"method":"svft"}"#), try model.createAdapter(#"{"method":"lora"}"#)
    )
    let foreign = try stranger.createAdapter(#"{"method":"svft"}"#)
    let full = try tiny.model().createAdapter(#"{"method":"full"}"#)
    let cases: [([Adapter], String, SVFTError.Kind)] = [
      ([], "{}", .invalidArgument), ([svft, foreign], "{}", .mismatch),
      ([svft, lora], "{}", .mismatch), ([full], "{}", .unsupported),
      ([lora], #"{"rule":"ties"}"#, .unsupported), ([svft], #"{"rule":"vote"}"#, .invalidArgument),
      ([lora], #"{"rank":0}"#, .invalidArgument), ([svft], "[", .invalidArgument),
      ([svft], #"{"weights":[1]}"#, .invalidArgument),
    ]
    for (terms, options, kind) in cases {
      let failure = #expect(throws: SVFTError.self) {
        try Adapter.sum(of: terms, options: options)
      }
      #expect(failure?.kind == kind, "\(failure?.message ?? "")")
    }
    #expect(try model.attachedAdapters.count == 2)
  }

  /// Adapters that lie ready have a scale of 0: of those a sum would be nothing.
  @Test func aSumOfNothingIsRefused() throws {
    let tiny = try TinyVerbs()
    let model = try tiny.model()
    let terms = try (2...3).map { try trained(model, tiny, #"{"method":"svft"}"#, steps: $0) }
    for term in terms { try term.setScale(0) }
    for rule in ["sum", "ties", "dare"] {
      let failure = #expect(throws: SVFTError.self) {
        try Adapter.sum(of: terms, options: "{\"rule\":\"\(rule)\"}")
      }
      #expect(failure?.kind == .invalidArgument)
      #expect(failure?.message.contains("other than 0") == true)
    }
    try terms[0].setScale(1)
    _ = try Adapter.sum(of: terms)
  }
}
