// Where training and held-out data come from.
import SVFT
import SVFTFormats
import SVFTTensor
import TestKit
import Testing

@Suite struct TrainingSetsTests {
  private let tiny: TinyVerbs

  init() throws { tiny = try TinyVerbs() }

  private func counts(
    _ data: String, _ validation: String? = nil, share: Double = 0
  ) throws -> (records: Int, held: Int, steps: Int) {
    let adapter = try tiny.model().createAdapter(#"{"method":"lora","r":1,"targets":["q_proj"]}"#)
    let trainer = try Trainer(
      adapter, data: data, validation: validation,
      options: TrainingBench.options {
        $0.steps = 0
        $0.epochs = 2
        $0.batchSize = 2
        $0.accumulation = 2
        $0.validationShare = share
      })
    let report = try TrainerDescriptionTests.object(trainer)
    return (try report.int("records"), try report.int("held_out"), trainer.totalSteps)
  }

  @Test func aFileOfItsOwnGoesBeforeTheFoldersAndTheShare() throws {
    let folder = tiny.folder
    try folder.write("data.jsonl", "{\"text\":\"aa\"}")
    try makeFolder(train: 7, valid: 3)
    let other = try tiny.lines(["{\"text\":\"aa\"}", "{\"text\":\"ab\"}"], name: "other.jsonl")
    #expect(try counts(folder.file("model")) == (7, 3, 4))
    #expect(try counts(folder.file("model"), other, share: 0.5) == (7, 2, 4))
    #expect(try counts(folder.file("model/train.jsonl")) == (7, 0, 4))
    #expect(try counts(folder.file("model/train.jsonl"), share: 0.3) == (5, 2, 4))
  }

  private func makeFolder(train: Int, valid: Int) throws {
    for (name, count) in [("train", train), ("valid", valid)] {
      let lines = (0..<count).map { "{\"text\":\"the cat \($0)\"}" }
      try tiny.folder.write("model/\(name).jsonl", lines.joined(separator: "\r\n"))
    }
  }

  @Test func aRunningTextHoldsOutItsEnd() throws {
    let path = try tiny.folder.write(
      "t.txt", String(repeating: "the cat sat on the mat. ", count: 60))
    let all = try counts(path)
    let parts = try counts(path, share: 0.25)
    #expect(parts.records + parts.held == all.records && parts.held * 4 >= all.records - 3)
  }

  @Test func heldOutDataMustBeOfTheSameKind() throws {
    let scores = try tiny.scored()
    #expect(kind { _ = try counts(tiny.data(), scores) } == .data)
    #expect(kind { _ = try counts(tiny.data(), tiny.folder.file("missing")) } == .io)
    #expect(kind { _ = try counts(tiny.folder.path) } == .io)
  }

  @Test(arguments: [("steps_per_eval", 2, 0), ("patience", 0, 2), ("steps_per_eval", 2, 2)])
  func evaluationsWithoutHeldOutDataAreRefused(_ name: String, _ every: Int, _ patience: Int)
    throws
  {
    let adapter = try tiny.model().createAdapter(#"{"method":"lora","r":1,"targets":["q_proj"]}"#)
    let data = try tiny.data()
    let options = TrainingBench.options { ($0.evaluateEvery, $0.patience) = (every, patience) }
    let failure = #expect(throws: SVFTError.self) {
      try Trainer(adapter, data: data, options: options)
    }
    #expect(failure?.kind == .invalidArgument)
    #expect(failure?.message.hasPrefix("\(name): ") == true)
    guard every > 0 else {
      // Nothing counts evaluations that come at the end alone.
      #expect(
        kind { _ = try Trainer(adapter, data: data, validation: data, options: options) }
          == .invalidArgument)
      return
    }
    _ = try Trainer(adapter, data: data, validation: data, options: options)
  }
}
