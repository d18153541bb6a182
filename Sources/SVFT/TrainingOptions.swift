// What a caller may ask of training. The same fields stand in svft_train_params, in the Python
// package and in the command line's flags and configuration file; the checks are here, once.
package import SVFTTensor

/// How an adapter is trained.
public struct TrainingOptions: Sendable, Equatable {
  /// The update rule.
  public enum Optimizer: String, Sendable, CaseIterable { case adamw, sgd }
  /// The course of the learning rate after warm-up.
  public enum ScheduleShape: String, Sendable, CaseIterable { case constant, linear, cosine }
  /// Which tokens of a record count.
  public enum LossTarget: String, Sendable, CaseIterable { case all, completion, assistant }
  /// What happens to records longer than `maxLength`.
  public enum LongRecords: String, Sendable, CaseIterable { case truncate, drop, error }
  /// How messages are laid out as text.
  public enum ChatStyle: String, Sendable, CaseIterable { case auto, chatml, plain }

  /// Passes over the data; ignored where `steps` is above 0.
  public var epochs = 1
  /// Optimiser steps; 0 means by epochs.
  public var steps = 0
  /// Records per micro-batch.
  public var batchSize = 4
  /// Micro-batches per optimiser step.
  public var accumulation = 1
  /// Peak learning rate of the adapter.
  public var learningRate = 1e-3
  /// Peak learning rate of a class or score head; 0 means the adapter's.
  public var headLearningRate = 0.0
  /// The rule that turns gradients into steps.
  public var optimizer = Optimizer.adamw
  /// How the learning rate goes after warm-up.
  public var schedule = ScheduleShape.cosine
  /// Steps of warm-up; 0 means by `warmupRatio`.
  public var warmupSteps = 0
  /// Share of the steps that warm up.
  public var warmupRatio = 0.0
  /// Decoupled weight decay of matrices and of what adapters train (M and gate of SVFT, A and B of
  /// LoRA); biases, norms and scales keep theirs.
  public var weightDecay = 0.0
  /// AdamW: decay of the mean gradient.
  public var beta1 = 0.9
  /// AdamW: decay of the mean squared gradient.
  public var beta2 = 0.999
  /// AdamW: what keeps the divisor above zero.
  public var epsilon = 1e-8
  /// Momentum of SGD.
  public var momentum = 0.0
  /// Gradients are scaled down to this norm; 0 leaves them.
  public var maxGradientNorm = 1.0
  /// Records are cut to this many tokens; 0 means the model's context.
  public var maxLength = 0
  /// What happens to records longer than `maxLength`.
  public var longRecords = LongRecords.truncate
  /// Which tokens of a record count.
  public var lossOn = LossTarget.all
  /// How messages are laid out as text.
  public var chatStyle = ChatStyle.auto
  /// Seed of initialisation, order and dropout.
  public var seed: UInt64 = 0
  /// Share of the data held out where no validation file is given.
  public var validationShare = 0.0
  /// Steps between evaluations; 0 evaluates at the end only.
  public var evaluateEvery = 0
  /// Evaluations without improvement before the run ends; 0 never ends it.
  public var patience = 0
  /// Steps between checkpoints; 0 writes one at the end and when stopped. With `patience` each best
  /// evaluation writes one too.
  public var saveEvery = 0
  /// Checkpoints kept, at least two, the oldest going first; with `patience` that of the best
  /// evaluation stays too.
  public var checkpointsKept = 2
  /// Steps between metric records.
  public var reportEvery = 10
  /// Computes activations a second time instead of keeping them: less memory, more time, the same
  /// bits.
  public var recomputes = false
  /// Goes on from the newest complete checkpoint of the output folder.
  public var resumes = false

  /// The defaults: one pass over the data with AdamW.
  public init() {}

  /// Throws `.invalidArgument` naming the first field that is out of range.
  package func validate() throws(SVFTError) {
    let counts: [(String, Int, ClosedRange<Int>)] = [
      ("epochs", epochs, 0...1_000_000), ("steps", steps, 0...1_000_000_000),
      ("batch_size", batchSize, 1...65536),
      ("grad_accumulation_steps", accumulation, 1...65536),
      ("warmup_steps", warmupSteps, 0...1_000_000_000),
      ("max_seq_length", maxLength, 0...1 << 20), ("steps_per_eval", evaluateEvery, 0...1 << 30),
      ("patience", patience, 0...1 << 30), ("save_every", saveEvery, 0...1 << 30),
      ("save_total_limit", checkpointsKept, 1...1 << 20),
      ("steps_per_report", reportEvery, 1...1 << 30),
    ]
    for (name, value, range) in counts { _ = try Checked.within(value, range, name) }
    let numbers: [(String, Double, ClosedRange<Double>)] = [
      ("learning_rate", learningRate, 0...1e6), ("head_learning_rate", headLearningRate, 0...1e6),
      ("warmup_ratio", warmupRatio, 0...1), ("weight_decay", weightDecay, 0...1e3),
      ("beta1", beta1, 0...0.999_999_9), ("beta2", beta2, 0...0.999_999_999),
      ("epsilon", epsilon, 1e-30...1), ("momentum", momentum, 0...0.999_999),
      ("max_grad_norm", maxGradientNorm, 0...1e9), ("val_split", validationShare, 0...0.95),
    ]
    for (name, value, range) in numbers {
      guard value.isFinite else {
        throw SVFTError(.invalidArgument, "\(name): expected a finite number, found \(value)")
      }
      _ = try Checked.within(value, range, name)
    }
    guard maxLength != 1 else {
      throw SVFTError(
        .invalidArgument, "max_seq_length: expected 0 or at least 2 tokens, found 1")
    }
    guard epochs > 0 || steps > 0 else {
      throw SVFTError(.invalidArgument, "epochs and steps: expected one above 0, found none")
    }
  }
}
