// A training run as users hold it: data, adapter, options, and the loop with its reports, evaluations,
// checkpoints and early stop. One optimiser step is in TrainingRun.swift, what is saved in Checkpoint.swift.
import SVFTAdapters
import SVFTFormats
import SVFTLayers
public import SVFTTensor

/// Fine-tunes one adapter.
public final class Trainer: @unchecked Sendable {
  /// Receives reports; returns false to stop (a checkpoint is written first).
  public typealias Callback = (TrainingProgress) -> Bool

  public let adapter: Adapter
  let options: TrainingOptions
  let run: TrainingRun
  let held: Dataset?
  let output: OutputFolder?
  var state: TrainerState
  var order: EpochOrder
  private var clock: TrainingClock

  /// Steps of the whole run.
  public var totalSteps: Int { run.schedule.horizon }
  /// Steps done.
  public var step: Int { state.step }

  /// Reads the data and prepares adapter and head; nothing is trained yet.
  ///
  /// `data` is a .jsonl or .txt file, or a folder with train and valid files; `validation` another file;
  /// `output` the folder for metrics, checkpoints and the adapter, or nil. Throws `.data` with the line,
  /// `.invalidArgument`, `.mismatch` (adapter and data do not fit), `.io`, `.busy`, `.memory`.
  public init(
    _ adapter: Adapter, data: String, validation: String? = nil, output: String? = nil,
    options: TrainingOptions = TrainingOptions()
  ) throws(SVFTError) {
    try options.validate()
    let model = adapter.model
    self.adapter = adapter
    self.options = options
    let gate = model.gate
    let prepared = try gate.exclusively { () throws(SVFTError) in
      let sets = try TrainingData(data, validation, model, options)
      try adapter.prepareHead(for: sets.train, seed: options.seed)
      let stepsPerEpoch = sets.train.stepsPerEpoch(options)
      let horizon = options.steps > 0 ? options.steps : options.epochs * stepsPerEpoch
      let run = try TrainingRun(
        model.network, sets.train, adapter.method, options, classes: model.classNames,
        horizon: horizon)
      return (run: run, held: sets.held)
    }
    run = prepared.run
    held = prepared.held
    self.output = try output.map { path throws(SVFTError) in try OutputFolder(path) }
    state = TrainerState(options, examples: prepared.run.dataset.examples.count)
    order = EpochOrder(count: prepared.run.dataset.examples.count, seed: options.seed)
    clock = TrainingClock()
    if options.resumes {
      try gate.exclusively { () throws(SVFTError) in try resume() }
    } else {
      try self.output?.startMetrics()
    }
  }

  /// Trains to the end. Throws `.cancelled` after a checkpoint when stopped by the callback or
  /// `Model.cancel`; calling again goes on. Throws `.nonFinite` after ten skipped steps in a row.
  public func train(_ callback: Callback? = nil) throws(SVFTError) {
    try adapter.model.gate.exclusively { () throws(SVFTError) in
      clock.start(step: state.step, tokens: state.tokens)
      do throws(SVFTError) {
        while !isFinished { try advance(callback) }
      } catch {
        if error.kind == .cancelled || error.kind == .nonFinite { try saveCheckpoint(nil) }
        throw error
      }
      try finish(callback)
    }
  }

  /// One optimiser step; returns its mean loss. Throws `.state` after the last.
  public func trainStep() throws(SVFTError) -> Double {
    try adapter.model.gate.exclusively { () throws(SVFTError) in
      guard !isFinished else {
        throw SVFTError(.state, "expected steps left to train, found all \(totalSteps) done")
      }
      clock.start(step: state.step, tokens: state.tokens)
      return try advance(nil)
    }
  }

  /// Whether the last step is done or the run was stopped early.
  public var isFinished: Bool { state.step >= totalSteps || state.stoppedEarly }

  @discardableResult
  private func advance(_ callback: Callback?) throws(SVFTError) -> Double {
    let gate = adapter.model.gate
    if !state.prepared {
      try run.prepare(gate)
      state.prepared = true
    }
    try gate.checkCancelled("training at step \(state.step)")
    let outcome = try run.step(run.draw(&order), step: state.step)
    adapter.isTrained = true
    state.record(outcome, order)
    if outcome.skipped {
      try report(.skipped, outcome, callback)
      guard state.skippedInRow < 10 else {
        throw SVFTError(
          .nonFinite,
          "step \(state.step): expected a finite loss, found ten skipped steps in a row: lower the "
            + "learning rate; the adapter is as before them")
      }
    } else if state.step % options.reportEvery == 0 || isFinished {
      try report(.step, outcome, callback)
    }
    if options.evaluateEvery > 0, state.step % options.evaluateEvery == 0, !isFinished {
      try evaluate(outcome, callback)
    }
    if options.saveEvery > 0, state.step % options.saveEvery == 0, !isFinished {
      try saveCheckpoint(callback)
    }
    return outcome.loss
  }

  /// Evaluates the held-out data and decides about stopping early.
  private func evaluate(_ outcome: StepOutcome?, _ callback: Callback?) throws(SVFTError) {
    guard let held else { return }
    let model = adapter.model
    let evaluation = try Evaluator(
      network: model.network, gate: model.gate, classes: model.classNames
    ).evaluate(held)
    state.record(evaluation, patience: options.patience)
    try report(.evaluation, outcome, callback, evaluation)
  }

  private func finish(_ callback: Callback?) throws(SVFTError) {
    guard !state.finished else { return }
    try evaluate(nil, callback)
    state.finished = true
    try saveCheckpoint(nil)
    if let output { try adapter.write(to: output.path) }
    try report(.finished, nil, callback, nil)
  }

  func report(
    _ event: TrainingProgress.Event, _ outcome: StepOutcome?, _ callback: Callback?,
    _ evaluation: Evaluation? = nil
  ) throws(SVFTError) {
    let progress = TrainingProgress(
      event: event, step: state.step, totalSteps: totalSteps,
      epoch: Double(order.epoch) + Double(order.cursor) / Double(max(1, order.count)),
      loss: state.reportedLoss(event), validationLoss: evaluation?.loss,
      validationScore: evaluation?.score, gradientNorm: outcome?.gradientNorm ?? .nan,
      learningRate: options.learningRate * run.schedule.factor(at: max(0, state.step - 1)),
      tokens: state.tokens, tokensPerSecond: clock.rate(tokens: state.tokens),
      elapsed: clock.elapsed, remaining: clock.remaining(state.step, of: totalSteps))
    try output?.append(progress.json)
    if let callback, !callback(progress) {
      throw SVFTError(.cancelled, "training was cancelled at step \(state.step) of \(totalSteps)")
    }
  }
}
