// Ablations: equal budgets, the figures of runs made by hand, going on, what is refused.
import Foundation
import SVFT
import SVFTFormats
import SVFTTensor
import TestKit
import Testing

@Suite struct AblationTests {
  private let tiny: TinyVerbs
  private let data: String
  private let held: String
  private let out: String

  init() throws {
    tiny = try TinyVerbs()
    data = try tiny.data()
    held = try tiny.lines(
      ["{\"text\":\"the cat sat on a mat\"}", "{\"text\":\"number 3\"}"], name: "held.jsonl")
    out = tiny.folder.file("out")
  }

  private static let training =
    #""training":{"steps":3,"batch_size":2,"learning_rate":0.05,"steps_per_report":1}"#

  private func options(_ more: String = "") -> String { "{\(Self.training)\(more)}" }

  private func ablate(
    _ options: String, model: Model? = nil, output: String? = nil, progress: WorkProgress? = nil
  ) throws -> JSON.Object {
    let text = try (model ?? tiny.model()).ablate(
      data, validation: held, output: output, options: options, progress: progress)
    return try JSON.parse(text).root("report")
  }

  private func losses(_ report: JSON.Object) throws -> [[Double]] {
    try report.objects("groups").map { try $0.objects("runs").map { try $0.double("loss") } }
  }

  @Test func everyGroupHasTheSameBudget() throws {
    let model = try tiny.model()
    let before = try model.logits([1, 2, 3])
    let report = try ablate(options(#","seeds":1"#), model: model, output: out)
    let groups = try report.objects("groups")
    #expect(
      try groups.map { try $0.string("name") } == [
        "q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj", "attention",
        "mlp", "all",
      ])
    // One number per direction of every module: 2 · (5 · 32 + 2 · 16).
    #expect(try report.object("setup").int("budget") == 384)
    for group in groups {
      let modules = try group.strings("modules")
      let count = try group.int("trainable")
      #expect(2 * abs(count - 384) <= modules.count)
      #expect(try group.object("options").string("pattern") == "random")
      #expect(try group.object("options").int("count") == count / modules.count)
    }
    #expect(try groups.map { try $0.strings("modules").count } == [2, 2, 2, 2, 2, 2, 2, 8, 6, 14])
    #expect(try report.bool("finished") && report.string("figure") == "loss")
    // The model is as it was, and what is in the folder is the report.
    #expect(try model.logits([1, 2, 3]) == before && model.attachedAdapters.isEmpty)
    #expect(try JSON.read(out + "/ablation.json").root("file") == report)
    let picture = try String(contentsOfFile: out + "/ablation.svg", encoding: .utf8)
    #expect(picture.contains("gate_proj") && picture.contains("384 trained numbers"))
    #expect(try report.object("base").double("loss") == model.evaluate(held).loss)
  }

  @Test func aRunIsTheOneMadeByHand() throws {
    let report = try ablate(
      options(#","budget":300,"groups":["q_proj, v_proj"],"adapter":{"pattern":"banded"}"#))
    let group = try #require(try report.objects("groups").first)
    // n(2d + 1) − d(d + 1) on two modules of 32 and two of 16: d = 1 has 280, d = 2 456.
    #expect(try group.object("options").int("d") == 1 && group.int("trainable") == 280)
    let model = try tiny.model()
    var expected: [Double] = []
    for seed in [0, 1] {
      let adapter = try model.createAdapter(
        #"{"method":"svft","pattern":"banded","d":1,"targets":["q_proj","v_proj"],"#
          + "\"seed\":\(seed)}")
      var options = TrainingOptions()
      (options.steps, options.batchSize, options.learningRate) = (3, 2, 0.05)
      options.seed = UInt64(seed)
      try Trainer(adapter, data: data, options: options).train()
      expected.append(try model.evaluate(held).loss)
      try adapter.detach()
    }
    #expect(try losses(report) == [expected] && expected[0] != expected[1])
    let (mean, difference) = (expected.reduce(0, +) / 2, abs(expected[0] - expected[1]))
    #expect(try abs(group.object("mean").double("loss") - mean) < 1e-12)
    #expect(
      try abs(group.object("spread").double("loss") - difference / 2.0.squareRoot()) < 1e-12)
  }

  @Test func loraTakesTheNearestRank() throws {
    let report = try ablate(
      options(#","seeds":1,"adapter":{"method":"lora"},"groups":["k_proj","down_proj","mlp"]"#))
    // Rank 1 on all of them: 2 · (48 + 3 · 96).
    #expect(try report.object("setup").int("budget") == 672)
    let ranks = try report.objects("groups").map { try $0.object("options").int("r") }
    #expect(ranks == [7, 3, 1])
    let counts = try report.objects("groups").map { try $0.int("trainable") }
    #expect(counts == [672, 576, 576])
  }

  @Test func aStoppedOneGoesOnWithWhatIsMissing() throws {
    let request = options(#","groups":["q_proj","v_proj","mlp"]"#)
    let whole = try losses(ablate(request))
    var seen: [String] = []
    let failure = #expect(throws: SVFTError.self) {
      try ablate(request, output: out) { activity, done, _ in
        seen.append(activity)
        return done < 0.45
      }
    }
    #expect(failure?.kind == .cancelled)
    #expect(seen.contains { $0.hasPrefix("q_proj: group 1 of 3, seed 1 of 2, ") })
    let stopped = try JSON.read(out + "/ablation.json").root("file")
    #expect(try !stopped.bool("finished"))
    #expect(try losses(stopped) == [[whole[0][0]], [whole[1][0]], []])
    var rest: [String] = []
    let finished = try ablate(request, output: out) { activity, _, _ in
      rest.append(activity)
      return true
    }
    #expect(try losses(finished) == whole && finished.bool("finished"))
    #expect(rest.first?.hasPrefix("mlp: group 3 of 3, seed 1") == true)
    // Nothing is left to do, but a lost picture comes back.
    try FileManager.default.removeItem(atPath: out + "/ablation.svg")
    #expect(try ablate(request, output: out) { _, _, _ in false } == finished)
    #expect(FileManager.default.fileExists(atPath: out + "/ablation.svg"))
  }

  @Test func anotherAblationInTheFolderIsRefused() throws {
    let request = options(
      #","seeds":1,"groups":["q_proj"],"adapter":{"gate":true,"method":"svft"}"#)
    let first = try ablate(request, output: out)
    // Equal options in another order are the same.
    let same =
      #"{"adapter":{"method":"svft","gate":true},"groups":["q_proj"],"seeds":1,"# + Self.training
    #expect(try ablate(same + "}", output: out) == first)
    let others = [
      ("seeds", options(#","seeds":2,"groups":["q_proj"],"adapter":{"gate":true}"#)),
      ("groups", options(#","seeds":1,"budget":66,"groups":["v_proj"],"adapter":{"gate":true}"#)),
      ("budget", options(#","seeds":1,"budget":50,"groups":["q_proj"],"adapter":{"gate":true}"#)),
      ("adapter", options(#","seeds":1,"budget":66,"groups":["q_proj"]"#)),
      ("training", #"{"seeds":1,"groups":["q_proj"],"adapter":{"gate":true}}"#),
    ]
    for (key, other) in others {
      let failure = #expect(throws: SVFTError.self) { try ablate(other, output: out) }
      #expect(failure?.kind == .mismatch, "\(key)")
      #expect(failure?.message.contains(": expected \(key) ") == true, "\(failure?.message ?? "")")
    }
    #expect(try JSON.read(out + "/ablation.json").root("file") == first)
    try tiny.folder.write("data.jsonl", "{\"text\":\"another\"}\n{\"text\":\"text\"}")
    #expect(kind { _ = try ablate(request, output: out) } == .mismatch)
    try tiny.folder.write("out/ablation.json", "{\"setup\":")
    #expect(kind { _ = try ablate(request, output: out) } == .truncated)
  }

  @Test(arguments: [
    (#"{"depth":1}"#, SVFTError.Kind.invalidArgument), ("[]", .invalidArgument),
    (#"{"budget":0}"#, .invalidArgument), (#"{"budget":7}"#, .invalidArgument),
    (#"{"budget":1000}"#, .invalidArgument), (#"{"seeds":0}"#, .invalidArgument),
    (#"{"groups":["x_proj"]}"#, .mismatch), (#"{"groups":[""]}"#, .invalidArgument),
    (#"{"groups":["mlp","mlp"]}"#, .invalidArgument), (#"{"groups":"mlp"}"#, .invalidArgument),
    (#"{"adapter":{"method":"full"}}"#, .unsupported),
    (#"{"adapter":{"method":"magic"}}"#, .unsupported),
    (#"{"adapter":{"pattern":"plain"}}"#, .invalidArgument),
    (#"{"adapter":{"d":2}}"#, .invalidArgument),
    (#"{"adapter":{"targets":"mlp"}}"#, .invalidArgument),
    (#"{"training":{"resume":true}}"#, .invalidArgument),
    (#"{"training":{"save_every":2}}"#, .invalidArgument),
    (#"{"training":{"optimizer":"lion"}}"#, .invalidArgument),
  ])
  func badOptionsAreRefused(_ options: String, _ expected: SVFTError.Kind) throws {
    let model = try tiny.model()
    #expect(kind { _ = try ablate(options, model: model, output: out) } == expected)
    #expect(!FileManager.default.fileExists(atPath: out + "/ablation.json"))
    #expect(try model.attachedAdapters.isEmpty)
  }

  @Test func withoutHeldOutDataThereIsNothingToJudgeBy() throws {
    let model = try tiny.model()
    #expect(kind { _ = try model.ablate(data, options: options()) } == .invalidArgument)
    #expect(kind { _ = try model.ablate(data, validation: out) } == .io)
    #expect(
      kind {
        _ = try model.ablate(data, validation: held, output: tiny.folder.file("model"))
      } == .invalidArgument)
    let split = #"{"training":{"steps":1,"val_split":0.3},"seeds":1,"groups":["all"]}"#
    #expect(try JSON.parse(model.ablate(data, options: split)).root("report").has("base"))
  }

  @Test func aRunThatDivergesIsAnEntry() throws {
    // Decay by −10⁹ a step.
    let request =
      #"{"training":{"steps":20,"learning_rate":1e6,"weight_decay":1000,"lr_schedule":"constant"},"#
      + #""adapter":{"method":"lora"},"seeds":1,"groups":["q_proj","mlp"]}"#
    let report = try ablate(request, output: out)
    let runs = try report.objects("groups").flatMap { try $0.objects("runs") }
    #expect(runs.count == 2 && runs.contains { $0.has("problem") && !$0.has("loss") })
    #expect(try report.bool("finished") && ablate(request, output: out) == report)
  }

  @Test func anEncoderIsJudgedByItsAccuracy() throws {
    let encoder = try TinyVerbs(encoder: true)
    let model = try encoder.model()
    let request = #"{"training":{"steps":2,"val_split":0.3},"seeds":1}"#
    let text = try model.ablate(try encoder.labelled(), options: request)
    let report = try JSON.parse(text).root("report")
    #expect(try report.string("figure") == "accuracy" && !report.has("base"))
    let names = try report.objects("groups").map { try $0.string("name") }
    #expect(names.contains("attention.output.dense") && names.contains("output.dense"))
    #expect(names.suffix(3) == ["attention", "mlp", "all"])
    for group in try report.objects("groups") {
      #expect(try (0...1).contains(group.object("mean").double("accuracy")))
    }
    #expect(try model.attachedAdapters.isEmpty)
  }

  @Test func aModelThatIsBusyStaysSo() throws {
    let model = try tiny.model()
    var inner: SVFTError.Kind?
    _ = try ablate(options(#","seeds":1,"groups":["q_proj"]"#), model: model) { _, _, _ in
      inner = kind { _ = try model.logits([1]) }
      return true
    }
    #expect(inner == .busy)
    #expect(
      kind {
        _ = try ablate(options(), model: model) { _, _, _ in
          model.cancel()
          return true
        }
      } == .cancelled)
    #expect(try model.attachedAdapters.isEmpty)
  }
}
