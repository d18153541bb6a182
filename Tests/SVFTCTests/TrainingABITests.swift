// Training through the C interface: reports, single steps, cancelling, going on, pictures, the log.
import CSVFT
import Foundation
import TestKit
import Testing

@Suite struct TrainingABITests {
  /// What the callback of this suite is given.
  private final class Seen {
    var events: [String] = []
    var losses: [Double] = []
    let stopAfter: Int64

    init(stopAfter: Int64 = .max) { self.stopAfter = stopAfter }

    /// Runs a trainer to its end, or to the step after which the callback says no.
    func run(_ trainer: OpaquePointer) -> svft_status {
      withExtendedLifetime(self) {
        svft_trainer_run(
          trainer,
          { user, progress in
            guard let user, let report = progress?.pointee else { return 1 }
            return Unmanaged<Seen>.fromOpaque(user).takeUnretainedValue().record(report)
          }, Unmanaged.passUnretained(self).toOpaque())
      }
    }

    private func record(_ report: svft_train_progress) -> Int32 {
      events.append(String(cString: report.event))
      if report.validation_loss.isNaN { losses.append(report.loss) }
      return report.step >= stopAfter ? 1 : 0
    }
  }

  @Test func aRunReportsItsEventsInOrder() throws {
    let host = try TinyHost()
    let adapter = try host.adapter()
    defer { svft_adapter_free(adapter) }
    let trainer = try host.trainer(adapter, output: "run") {
      ($0.steps_per_eval, $0.val_split, $0.save_every) = (2, 0.25, 3)
    }
    defer { svft_trainer_free(trainer) }
    let seen = Seen()
    try succeed(seen.run(trainer))
    #expect(
      seen.events == [
        "step", "step", "evaluation", "step", "checkpoint", "step", "evaluation", "finished",
      ])
    #expect(seen.losses.allSatisfy { $0 > 0 })
    let about = try object { svft_trainer_describe(trainer, $0) }
    #expect(about["finished"] as? Bool == true && about["step"] as? Int == 4)
    var loss = 0.0
    #expect(svft_trainer_step(trainer, &loss) == number(SVFT_STATE))
    let picture = host.folder.file("loss.svg")
    try succeed(svft_plot(host.folder.file("run/metrics.jsonl"), picture))
    #expect(try String(contentsOfFile: picture, encoding: .utf8).contains("<svg"))
    #expect(svft_plot(host.folder.file("nowhere"), picture) == number(SVFT_IO))
  }

  @Test func singleStepsEqualARun() throws {
    func losses(_ body: (OpaquePointer) throws -> [Double]) throws -> [Double] {
      let host = try TinyHost()
      let adapter = try host.adapter()
      defer { svft_adapter_free(adapter) }
      let trainer = try host.trainer(adapter)
      defer { svft_trainer_free(trainer) }
      return try body(trainer)
    }
    let run = try losses { trainer in
      let seen = Seen()
      try succeed(seen.run(trainer))
      return Array(seen.losses.prefix(4))
    }
    let steps = try losses { trainer in
      try (0..<4).map { _ in
        var loss = 0.0
        try succeed(svft_trainer_step(trainer, &loss))
        return loss
      }
    }
    #expect(run == steps && Set(run).count == 4)
  }

  @Test func activationsAreRecomputedWhereAsked() throws {
    let host = try TinyHost()
    let losses = try [Int32(0), 1].map { recomputes in
      let adapter = try host.adapter()
      defer { svft_adapter_free(adapter) }
      let trainer = try host.trainer(adapter) { $0.gradient_checkpointing = recomputes }
      defer { svft_trainer_free(trainer) }
      var text: UnsafeMutablePointer<CChar>?
      try succeed(svft_trainer_describe(trainer, &text))
      let asked = try #require(text.map { String(cString: $0) })
      svft_string_free(text)
      #expect(asked.contains("\"gradient_checkpointing\": \(recomputes != 0)"))
      var loss = 0.0
      try succeed(svft_trainer_step(trainer, &loss))
      try succeed(svft_trainer_step(trainer, &loss))
      return loss
    }
    #expect(losses[0] == losses[1])
  }

  @Test func aCancelledRunLeavesACheckpointThatAnotherTrainerTakes() throws {
    let host = try TinyHost()
    let adapter = try host.adapter()
    let first = try host.trainer(adapter, output: "run")
    let seen = Seen(stopAfter: 2)
    #expect(seen.run(first) == number(SVFT_CANCELLED))
    svft_trainer_free(first)
    svft_adapter_free(adapter)
    let again = try host.adapter()
    defer { svft_adapter_free(again) }
    let failure = #expect(throws: Failure.self) { try host.trainer(again, output: "run") }
    #expect(failure?.status == number(SVFT_STATE))
    let second = try host.trainer(again, output: "run") { $0.resume = 1 }
    defer { svft_trainer_free(second) }
    let rest = Seen()
    try succeed(rest.run(second))
    #expect(rest.events == ["step", "step", "finished"])
  }

  @Test func anAblationReportsStopsAndGoesOn() throws {
    let host = try TinyHost()
    let data = TinyHost.fixture("tales.jsonl")
    let options =
      #"{"groups": ["q_proj", "mlp"], "seeds": 1, "training": {"steps": 2, "val_split": 0.2}}"#
    let folder = host.folder.file("ablation")
    var out: UnsafeMutablePointer<CChar>?
    let status = svft_model_ablate(
      host.model, data, nil, folder, options, { _, _, done, _ in done > 0.4 ? 1 : 0 }, nil, &out)
    #expect(status == number(SVFT_CANCELLED) && out == nil)
    let report = try object {
      svft_model_ablate(host.model, data, nil, folder, options, nil, nil, $0)
    }
    let groups = try #require(report["groups"] as? [[String: Any]])
    #expect(groups.compactMap { $0["name"] as? String } == ["q_proj", "mlp"])
    #expect(report["finished"] as? Bool == true)
    #expect(groups.allSatisfy { ($0["mean"] as? [String: Any])?["loss"] is Double })
    try succeed(svft_plot(folder + "/ablation.json", host.folder.file("again.svg")))
    #expect(
      svft_model_ablate(host.model, data, nil, folder, nil, nil, nil, &out)
        == number(SVFT_INVALID_ARGUMENT))
    #expect(lastError().contains("held-out"))
  }

  @Test func brokenDataNamesItsLine() throws {
    let host = try TinyHost()
    let adapter = try host.adapter()
    defer { svft_adapter_free(adapter) }
    let data = try host.folder.write("broken.jsonl", "{\"text\": \"fine\"}\n{\"text\":\n")
    var trainer: OpaquePointer?
    #expect(
      svft_trainer_create(adapter, data, nil, nil, nil, &trainer) == number(SVFT_DATA))
    #expect(trainer == nil && lastError().contains("2"))
  }
}
