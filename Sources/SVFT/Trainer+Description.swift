// What a run says of itself.
import SVFTFormats
import SVFTLayers
public import SVFTTensor

extension Trainer {
  /// Trained numbers. Throws `.busy` while the model is in use.
  public var trainableCount: Int {
    get throws(SVFTError) {
      try adapter.model.gate.exclusively { () throws(SVFTError) in trained }
    }
  }

  /// One sentence before a run starts. Throws `.busy` while the model is in use.
  public var summary: String {
    get throws(SVFTError) {
      let data = run.dataset
      let held = held.map { ", \($0.examples.count) held out" } ?? ""
      let dropped = data.dropped > 0 ? ", \(data.dropped) left out" : ""
      return "training \(try trainableCount) numbers on \(data.examples.count) records "
        + "(\(data.tokenCount) tokens\(held)\(dropped)) for \(totalSteps) steps"
    }
  }

  /// Steps, losses, best evaluation, parameters and data, as JSON. Throws `.busy` while the model
  /// is in use.
  public func describe() throws(SVFTError) -> String {
    try adapter.model.gate.exclusively { () throws(SVFTError) in try description() }
  }

  /// Trained numbers; the caller holds the gate.
  private var trained: Int { run.optimizer.parameters.reduce(0) { $0 + $1.count } }

  private func description() throws(SVFTError) -> String {
    var object = JSON.Object([
      ("step", .integer(state.step)), ("total_steps", .integer(totalSteps)),
      ("finished", .bool(state.finished)), ("stopped_early", .bool(state.stoppedEarly)),
      ("skipped", .integer(state.skipped)), ("tokens", .integer(state.tokens)),
      ("trainable", .integer(trained)),
      ("records", .integer(run.dataset.examples.count)),
      ("held_out", .integer(held?.examples.count ?? 0)),
      ("gradient_checkpointing", .bool(options.recomputes)),
    ])
    if state.lastLoss.isFinite { object["last_loss"] = .number(state.lastLoss) }
    if state.bestLoss.isFinite {
      object["best_validation_loss"] = .number(state.bestLoss)
      object["best_step"] = .integer(state.bestStep)
    }
    return try JSON.object(object).text(.pretty)
  }
}
