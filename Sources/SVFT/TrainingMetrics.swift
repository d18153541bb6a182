// What a run reports: one JSON object a line in metrics.jsonl, the same numbers in the progress
// callback.
import SVFTTensor
package import SVFTFormats

/// One report of a run in progress.
public struct TrainingProgress: Sendable {
  /// The occasions of a report.
  public enum Event: String, Sendable { case step, evaluation, checkpoint, skipped, finished }

  /// What the report is about.
  public var event: Event
  /// Optimiser steps done.
  public var step: Int
  /// Optimiser steps of the whole run.
  public var totalSteps: Int
  /// Epochs done, with fraction.
  public var epoch: Double
  /// Mean training loss since the last report, in nats per counted token (or per record).
  public var loss: Double
  /// Loss on the held-out data, where this is an evaluation.
  public var validationLoss: Double?
  /// What the task is judged by on the held-out data, beside the loss: `validationFigure` names it.
  public var validationScore: Double?
  /// "accuracy", "f1", "entity_f1" or "spearman", where there is a score.
  public var validationFigure: String?
  /// Norm of the gradients before clipping, at the last step.
  public var gradientNorm: Double
  /// Learning rate of the last step.
  public var learningRate: Double
  /// Tokens trained on since the start.
  public var tokens: Int
  /// Tokens trained on per second.
  public var tokensPerSecond: Double
  /// Seconds since the run began.
  public var elapsed: Double
  /// Seconds left, as estimated.
  public var remaining: Double
}

extension TrainingProgress {
  /// Keys whose values depend on the clock; without them two equal runs give equal lines.
  package static let timedKeys = ["tokens_per_second", "elapsed", "remaining"]

  /// The report as a JSON object. Non-finite numbers become null.
  package var json: JSON {
    var object = JSON.Object([
      ("event", .string(event.rawValue)), ("step", .integer(step)),
      ("total_steps", .integer(totalSteps)), ("epoch", number(epoch)), ("loss", number(loss)),
    ])
    if let validationLoss { object["validation_loss"] = number(validationLoss) }
    if let validationScore { object["validation_score"] = number(validationScore) }
    if let validationFigure { object["validation_figure"] = .string(validationFigure) }
    object["gradient_norm"] = number(gradientNorm)
    object["learning_rate"] = number(learningRate)
    object["tokens"] = .integer(tokens)
    object["tokens_per_second"] = number(tokensPerSecond)
    object["elapsed"] = number(elapsed)
    object["remaining"] = number(remaining)
    return .object(object)
  }

  private func number(_ value: Double) -> JSON { value.isFinite ? .number(value) : .null }
}
