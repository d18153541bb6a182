// The folder of a run belongs to one run at a time and is never mixed with another's.
import Foundation
import SVFT
import SVFTFormats
import SVFTTensor
import TestKit
import Testing

@Suite struct OutputFolderTests {
  private func trainer(
    _ tiny: TinyVerbs, steps: Int = 2, _ change: (inout TrainingOptions) -> Void = { _ in }
  ) throws -> Trainer {
    var options = TrainingOptions()
    (options.steps, options.reportEvery, options.batchSize) = (steps, 1, 2)
    change(&options)
    return try Trainer(
      try tiny.model().createAdapter(#"{"method":"lora","r":2}"#), data: try tiny.data(),
      output: tiny.folder.file("out"), options: options)
  }

  private func lines(_ tiny: TinyVerbs) throws -> [JSON.Object] {
    try String(contentsOfFile: tiny.folder.file("out/metrics.jsonl"), encoding: .utf8)
      .split(separator: "\n").map { try JSON.parse(String($0)).root("metrics") }
  }

  @Test func everythingOfARunLiesInIt() throws {
    let tiny = try TinyVerbs()
    try trainer(tiny, steps: 3).train()
    let names = try FileSystem.list(tiny.folder.file("out")).filter { !$0.hasPrefix(".") }
    #expect(
      Set(names).isSuperset(of: [
        "adapter_config.json", "adapter_model.safetensors", "metrics.jsonl", "checkpoint-3",
      ]))
    let events = try lines(tiny).map { try $0.string("event") }
    #expect(events == ["step", "step", "step", "finished"])
    #expect(try lines(tiny).map { try $0.int("step") } == [1, 2, 3, 3])
  }

  /// Whoever put it there.
  @Test func anAdapterThatLiesThereIsNotReplaced() throws {
    let tiny = try TinyVerbs()
    let adapter = try tiny.model().createAdapter(#"{"method":"svft"}"#)
    try adapter.save(to: tiny.folder.file("out"))
    let before = try Data(
      contentsOf: URL(fileURLWithPath: tiny.folder.file("out/adapter_model.safetensors")))
    for resumes in [false, true] {
      let failure = #expect(throws: SVFTError.self) { try trainer(tiny) { $0.resumes = resumes } }
      #expect(failure?.kind == .state && failure?.message.contains("adapter") == true)
    }
    let after = try Data(
      contentsOf: URL(fileURLWithPath: tiny.folder.file("out/adapter_model.safetensors")))
    #expect(after == before)
  }

  @Test func aSecondRunAtOnceIsRefused() throws {
    let tiny = try TinyVerbs()
    let first = try trainer(tiny)
    let failure = #expect(throws: SVFTError.self) { try trainer(tiny) }
    #expect(failure?.kind == .busy)
    #expect(failure?.message.contains("out") == true)
    try first.train()
  }

  @Test func aFolderIsFreeWhenItsRunIsGone() throws {
    let tiny = try TinyVerbs()
    do { _ = try trainer(tiny) }
    try trainer(tiny).train()
  }

  @Test func leftoversOfAKilledRunAreRemoved() throws {
    let tiny = try TinyVerbs()
    try FileSystem.makeFolder(tiny.folder.file("out/.svft-tmp-1-a"))
    try tiny.folder.write("out/.svft-tmp-1-a/x", "half")
    try tiny.folder.write("out/.svft-tmp-2-b", "half")
    try tiny.folder.write("out/notes.txt", "mine")
    try trainer(tiny).train()
    let names = try FileSystem.list(tiny.folder.file("out"))
    #expect(!names.contains { $0.hasPrefix(".svft-tmp-") })
    #expect(names.contains("notes.txt"))
  }

  @Test func metricsOfAnEarlierRunAreNotAppendedTo() throws {
    let tiny = try TinyVerbs()
    try tiny.folder.write("notes.txt", "x")
    try FileSystem.makeFolder(tiny.folder.file("out"))
    try tiny.folder.write("out/metrics.jsonl", "{\"event\":\"step\",\"step\":99}\n")
    try trainer(tiny).train()
    #expect(try lines(tiny).map { try $0.int("step") } == [1, 2, 2])
    // Checkpoints of an earlier run are a reason to ask.
    let failure = #expect(throws: SVFTError.self) { try trainer(tiny) }
    #expect(failure?.kind == .state)
    #expect(failure?.message.contains("resume") == true)
  }

  @Test func aFileInItsPlaceIsRefused() throws {
    let tiny = try TinyVerbs()
    try tiny.folder.write("out", "a file")
    let failure = #expect(throws: SVFTError.self) { try trainer(tiny) }
    #expect(failure?.kind == .io)
  }

  @Test func theModelsOwnFolderIsRefused() throws {
    let tiny = try TinyVerbs()
    let model = try tiny.model()
    let before = try FileManager.default.contentsOfDirectory(atPath: tiny.folder.file("model"))
    let adapter = try model.createAdapter(#"{"method":"lora","r":2}"#)
    for path in [tiny.folder.file("model"), tiny.folder.file("model/../model/")] {
      #expect(kind { try adapter.save(to: path) } == .invalidArgument)
      #expect(
        kind { _ = try Trainer(adapter, data: tiny.data(), output: path) } == .invalidArgument)
    }
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: tiny.folder.file("model")) == before)
    try adapter.save(to: tiny.folder.file("model/adapter"))
  }
}
