// The flags of training: one optional flag per option, so that the library's defaults stand in one
// place (TrainingOptions).
//
// `--config` is taken out of the arguments before they are parsed (ConfigurationFile); it is
// declared here so that help and completions know it.
import ArgumentParser
import Foundation
import SVFT

/// The library's defaults, for help.
private let usual = TrainingOptions()

/// How records become batches.
struct DataFlags: ParsableArguments {
  @Option(help: "YAML or JSON file with long flags as keys (batch_size: 8 …); flags win.")
  var config: String?
  @Option(help: "Records per micro-batch (default: \(usual.batchSize)).") var batchSize: Int?
  @Option(help: "Tokens per record at most (default: the model's context).")
  var maxSeqLength: Int?
  @Option(help: "Longer records: truncate, drop or error (default: \(usual.longRecords.rawValue)).")
  var onLong: String?
  @Option(
    help: """
      Tokens that count: all, completion or assistant (default: \(usual.lossOn.rawValue)).
      """)
  var lossOn: String?
  @Option(
    help: "Layout of messages: auto, chatml or plain (default: \(usual.chatStyle.rawValue)).")
  var chatLayout: String?

  var flags: [(String, Any?)] {
    [
      ("batch_size", batchSize), ("max_seq_length", maxSeqLength), ("on_long", onLong),
      ("loss_on", lossOn), ("chat_layout", chatLayout),
    ]
  }

  /// The options meant.
  func options() throws -> TrainingOptions { try TrainingFlags.options(flags) }
}

/// Every training option as an optional flag.
struct TrainingFlags: ParsableArguments {
  @OptionGroup var data: DataFlags
  @Option(help: "Passes over the data (default: \(usual.epochs)).") var epochs: Int?
  @Option(help: "Optimiser steps instead of epochs.") var steps: Int?
  @Option(help: "Micro-batches per optimiser step (default: \(usual.accumulation)).")
  var gradAccumulationSteps: Int?
  @Option(help: "Learning rate at its highest (default: \(usual.learningRate)).")
  var learningRate: Double?
  @Option(help: "Learning rate of a class or score head (default: --learning-rate).")
  var headLearningRate: Double?
  @Option(help: "adamw or sgd (default: \(usual.optimizer.rawValue)).") var optimizer: String?
  @Option(help: "constant, linear or cosine (default: \(usual.schedule.rawValue)).")
  var lrSchedule: String?
  @Option(help: "Steps until the learning rate is at its highest.") var warmupSteps: Int?
  @Option(help: "The same as a share of all steps (default: \(usual.warmupRatio)).")
  var warmupRatio: Double?
  @Option(
    help: """
      Decoupled weight decay of matrices and of what adapters train (default: \(usual.weightDecay)).
      """)
  var weightDecay: Double?
  @Option(help: "adamw: decay of the mean gradient (default: \(usual.beta1)).")
  var beta1: Double?
  @Option(help: "adamw: decay of the mean squared gradient (default: \(usual.beta2)).")
  var beta2: Double?
  @Option(help: "adamw: added to the root of that mean (default: \(usual.epsilon)).")
  var epsilon: Double?
  @Option(help: "sgd: decay of the sum of gradients (default: \(usual.momentum)).")
  var momentum: Double?
  @Option(help: "0 turns clipping off (default: \(usual.maxGradientNorm)).")
  var maxGradNorm: Double?
  @Option(help: "Of the order of records, of drop-out and of random starts (default: 0).")
  var seed: Int?
  @Option(help: "Share of the data held out (default: \(usual.validationShare)).")
  var valSplit: Double?
  @Option(help: "Steps between evaluations (default: at the end only).") var stepsPerEval: Int?
  @Option(help: "Evaluations without improvement before stopping (default: never).")
  var patience: Int?
  @Option(help: "Steps between checkpoints (default: at the end, when stopped, at each best).")
  var saveEvery: Int?
  @Option(
    help: """
      Checkpoints kept, at least two; with --patience the best too \
      (default: \(usual.checkpointsKept)).
      """)
  var saveTotalLimit: Int?
  @Option(help: "Steps between reports (default: \(usual.reportEvery)).") var stepsPerReport: Int?
  @Flag(help: "Recompute activations: less memory, more time, the same result.")
  var gradientCheckpointing = false
  @Flag(help: "Go on from the newest checkpoint of the output folder.") var resume = false

  /// The options meant: defaults, then the flags (a configuration file has become flags before).
  func options() throws -> TrainingOptions { try Self.options(flags) }

  /// The flags that were given, by the names of their options.
  func object() throws -> [String: Any] { try Self.object(flags) }

  static func options(_ flags: [(String, Any?)]) throws -> TrainingOptions {
    try TrainingOptions(json: RequestText.json(object(flags)))
  }

  private static func object(_ flags: [(String, Any?)]) throws -> [String: Any] {
    var object: [String: Any] = [:]
    for case (let key, let value?) in flags {
      // Text that is JSON has no place for these.
      guard (value as? Double)?.isFinite ?? true else {
        throw SVFTError(.invalidArgument, "\(key): expected a finite number, found \(value)")
      }
      object[key] = value
    }
    return object
  }

  private var flags: [(String, Any?)] {
    data.flags + [
      ("epochs", epochs), ("steps", steps), ("grad_accumulation_steps", gradAccumulationSteps),
      ("learning_rate", learningRate), ("head_learning_rate", headLearningRate),
      ("optimizer", optimizer), ("lr_schedule", lrSchedule), ("warmup_steps", warmupSteps),
      ("warmup_ratio", warmupRatio), ("weight_decay", weightDecay), ("beta1", beta1),
      ("beta2", beta2), ("epsilon", epsilon), ("momentum", momentum),
      ("max_grad_norm", maxGradNorm), ("seed", seed), ("val_split", valSplit),
      ("steps_per_eval", stepsPerEval), ("patience", patience), ("save_every", saveEvery),
      ("save_total_limit", saveTotalLimit), ("steps_per_report", stepsPerReport),
      ("resume", resume ? true : nil),
      ("gradient_checkpointing", gradientCheckpointing ? true : nil),
    ]
  }
}
