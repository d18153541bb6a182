// A training run as users hold it: data, adapter, options, and the loop with its reports,
// evaluations, checkpoints and early stop. One optimiser step is in TrainingRun.swift, what is
// saved in Trainer+Checkpoint.swift.
import SVFTAdapters
import SVFTFormats
import SVFTLayers
public import SVFTTensor

/// Fine-tunes one adapter.
public final class Trainer: @unchecked Sendable {
  /// Receives reports; returns false to stop (a checkpoint is written first).
  public typealias Callback = (TrainingProgress) -> Bool

  /// What is trained.
  public let adapter: Adapter
  let options: TrainingOptions
  /// The step of the newest checkpoint, where this trainer wrote or read it.
  var savedStep: Int?
  let run: TrainingRun
  let held: Dataset?
  let output: OutputFolder?
  var state: TrainerState
  var order: EpochOrder
  /// What the held-out data gave last.
  private(set) var evaluation: Evaluation?
  private var clock: TrainingClock

  /// Steps of the whole run.
  public var totalSteps: Int { run.schedule.horizon }
  /// Steps done. Throws `.busy` while the model is in use; a running `train` reports its steps.
  public var step: Int {
    get throws(SVFTError) {
      try adapter.model.gate.exclusively { () throws(SVFTError) in state.step }
    }
  }
  /// Whether the last step is done or the run was stopped early. Throws `.busy` while the model is
  /// in use.
  public var isFinished: Bool {
    get throws(SVFTError) {
      try adapter.model.gate.exclusively { () throws(SVFTError) in isDone }
    }
  }

  /// Reads the data and prepares adapter and head; nothing is trained yet.
  ///
  /// `data` is a .jsonl or .txt file, or a folder with train and valid files; `validation` another
  /// file; `output` the folder for metrics, checkpoints and the adapter, or nil. Throws `.data`
  /// with the line, `.invalidArgument`, `.mismatch` (adapter and data do not fit), `.io`, `.busy`,
  /// `.memory`.
  public init(
    _ adapter: Adapter, data: String, validation: String? = nil, output: String? = nil,
    options: TrainingOptions = TrainingOptions()
  ) throws(SVFTError) {
    try options.validate()
    let model = adapter.model
    self.adapter = adapter
    self.options = options
    let before = try model.gate.exclusively { () throws(SVFTError) in adapter.asBefore }
    do throws(SVFTError) {
      let (sets, run, folder) = try model.gate.exclusively { () throws(SVFTError) in
        let sets = try TrainingSets(
          data, validation, model, options, now: Trainer.moment(output, options))
        if let output { try model.requireForeign(output) }
        let run = try Trainer.prepare(adapter, sets, options, saves: output != nil)
        let folder = try output.map { path throws(SVFTError) in try OutputFolder(path) }
        if !options.resumes { try folder?.startFresh() }
        return (sets, run, folder)
      }
      self.run = run
      held = sets.held
      self.output = folder
      state = TrainerState(options, sets)
      order = EpochOrder(count: run.dataset.examples.count, seed: options.seed)
      clock = TrainingClock()
      if options.resumes { try model.gate.exclusively { () throws(SVFTError) in try resume() } }
    } catch {
      try model.gate.exclusively { () throws(SVFTError) in
        Trainer.forget(adapter.attached, of: model)
        try adapter.goBack(to: before)
      }
      throw error
    }
  }

  /// Prepares a run on data that are read already, which writes nothing; the caller holds the
  /// gate. Throws as the other one, and leaves the adapter to the caller then.
  init(
    _ adapter: Adapter, on sets: TrainingSets, options: TrainingOptions
  ) throws(SVFTError) {
    self.adapter = adapter
    self.options = options
    run = try Trainer.prepare(adapter, sets, options, saves: false)
    held = sets.held
    output = nil
    state = TrainerState(options, sets)
    order = EpochOrder(count: run.dataset.examples.count, seed: options.seed)
    clock = TrainingClock()
  }

  /// What only training needs goes with the trainer, at the latest when the model is free. An
  /// adapter that is gone by then took it along.
  deinit {
    adapter.model.gate.whenFree { [weak adapter] in
      if let adapter { Trainer.forget(adapter.attached, of: adapter.model) }
    }
  }

  /// Lets go of gradients and recorded training steps; the caller holds the gate.
  private static func forget(_ attached: Adapter.Attached, of model: Model) {
    model.network.forgetTraining()
    for parameter in attached.parameters { parameter.dropGradient() }
  }

  /// Readies adapter and head for the data, and records the run.
  private static func prepare(
    _ adapter: Adapter, _ sets: TrainingSets, _ options: TrainingOptions, saves: Bool
  ) throws(SVFTError) -> TrainingRun {
    let model = adapter.model
    guard adapter.isActive else {
      throw SVFTError(
        .state, "expected an adapter that is attached with a scale other than 0, to train it")
    }
    let classes = model.network.heads.outputs(.classes, hidden: model.hiddenWidth)
    try Labels.requireChoice(in: sets.train, outputs: classes)
    do throws(SVFTError) {
      try adapter.prepareHead(for: sets.train, seed: options.seed)
    } catch {
      // Where the data do not fit the head, the line says it better than the head.
      let names = model.classNames
      if error.kind == .mismatch, !names.isEmpty { try Labels.check(sets.train, names) }
      throw error
    }
    try model.network.heads.require(Pass.Purpose(sets.train.task))
    // Labels that only the held-out data has would stop the run at its first evaluation.
    if let held = sets.held { try Labels.check(held, model.classNames) }
    let sparesMemory = try TrainingRun.foresee(sets, adapter, options, saves: saves)
    let horizon =
      options.steps > 0
      ? options.steps : options.epochs * sets.train.stepsPerEpoch(options)
    return try TrainingRun(
      model.network, sets.train, adapter.attached, options, classes: model.classNames,
      horizon: horizon, sparesMemory: sparesMemory)
  }

  /// Trains to the end. Throws `.cancelled` after a checkpoint (none while the cells of an adapter
  /// are still to be chosen) when stopped by the callback or `Model.cancel`; calling again goes on.
  /// Where that checkpoint fails, its error says both. Throws `.nonFinite` after ten skipped steps
  /// in a row, and where all steps were skipped.
  public func train(_ callback: Callback? = nil) throws(SVFTError) {
    try adapter.model.gate.exclusively { () throws(SVFTError) in try trainNow(callback) }
  }

  /// Trains to the end; the caller holds the gate.
  func trainNow(_ callback: Callback?) throws(SVFTError) {
    clock.start(step: state.step, tokens: state.tokens)
    run.announceSteps()
    do throws(SVFTError) {
      while !isDone { try advance(callback) }
      try requireLearnt()
      try finish(callback)
    } catch {
      if error.kind == .cancelled || error.kind == .nonFinite { try keepWork(after: error) }
      throw error
    }
  }

  /// Saves a checkpoint of a run that ends early, if there is anything to keep. Where that fails,
  /// throws why, and what ended the run.
  private func keepWork(after end: SVFTError) throws(SVFTError) {
    guard state.step > 0 || run.method.preparation == nil else { return }
    do throws(SVFTError) { try saveCheckpoint(nil) } catch {
      throw SVFTError(error.kind, "\(error.message); \(end.message)")
    }
  }

  /// One optimiser step; returns its mean loss. Throws `.state` after the last.
  public func trainStep() throws(SVFTError) -> Double {
    try adapter.model.gate.exclusively { () throws(SVFTError) in
      guard !isDone else {
        throw SVFTError(.state, "expected steps left to train, found all \(totalSteps) done")
      }
      clock.start(step: state.step, tokens: state.tokens)
      run.announceSteps()
      return try advance(nil)
    }
  }

  /// Whether no step is left; the caller holds the gate.
  private var isDone: Bool { state.step >= totalSteps || state.stoppedEarly }

  @discardableResult
  private func advance(_ callback: Callback?) throws(SVFTError) -> Double {
    let gate = adapter.model.gate
    try requireAttached()
    try gate.checkCancelled("training at step \(state.step)")
    // Of a run that was stopped between a step and the evaluation that follows it.
    try evaluateIfDue(callback)
    guard !isDone else { return state.lastLoss }
    if !state.prepared {
      try run.prepare(gate)
      state.prepared = true
    }
    // A step that is cut short draws the same examples again.
    var next = order
    let outcome = try run.step(run.draw(&next), step: state.step, gate)
    order = next
    adapter.attached.isTrained = true
    state.record(outcome, order)
    if outcome.skipped {
      try report(.skipped, outcome, callback)
      guard state.skippedInRow < 10 else {
        throw SVFTError(
          .nonFinite,
          "step \(state.step): expected a finite loss, found ten skipped steps in a row: lower the "
            + "learning rate; the adapter is as before them")
      }
    } else if state.step % options.reportEvery == 0 || isDone {
      try report(.step, outcome, callback)
    }
    try evaluateIfDue(callback)
    let isDue = options.saveEvery > 0 && state.step % options.saveEvery == 0
    if isDue, savedStep != state.step, !isDone {
      try saveCheckpoint(callback)
    }
    return outcome.loss
  }

  /// Throws `.nonFinite` where the run is over and every step of it was skipped.
  private func requireLearnt() throws(SVFTError) {
    guard state.skipped == 0 || state.updates > 0 else {
      throw SVFTError(
        .nonFinite,
        "expected a finite loss in one of \(state.skipped) steps, found none: nothing was learnt, "
          + "the adapter is as before")
    }
    // A last step may have gone beyond the numbers that there are.
    try adapter.method.requireFinite("numbers after training")
  }

  /// Throws `.state` where the adapter was taken off or turned off meanwhile: nothing would learn.
  private func requireAttached() throws(SVFTError) {
    guard adapter.isActive, run.method === adapter.method else {
      throw SVFTError(
        .state,
        "expected the trained adapter to be attached with a scale other than 0, and this to be its "
          + "newest trainer")
    }
  }

  private func evaluateIfDue(_ callback: Callback?) throws(SVFTError) {
    guard options.evaluateEvery > 0, state.step > 0, state.step % options.evaluateEvery == 0,
      !isDone
    else { return }
    try evaluate(callback)
    // A run that may end after its best keeps that too.
    if options.patience > 0, state.bestStep == state.step, savedStep != state.step {
      try saveCheckpoint(callback)
    }
  }

  /// Evaluates the held-out data and decides about stopping early.
  private func evaluate(_ callback: Callback?) throws(SVFTError) {
    guard let held, state.evaluatedStep != state.step else { return }
    let model = adapter.model
    let evaluation = try Evaluator(
      network: model.network, gate: model.gate, classes: model.classNames
    ).evaluate(held)
    self.evaluation = evaluation
    state.record(evaluation, patience: options.patience)
    try report(.evaluation, nil, callback, evaluation)
  }

  private func finish(_ callback: Callback?) throws(SVFTError) {
    guard !state.finished else { return }
    try evaluate(callback)
    // The adapter first: a run that dies in between redoes its last steps and loses nothing.
    if let output { try adapter.write(to: output.path) }
    state.finished = true
    let last = progress(.finished, nil, nil)
    try output?.append(last.json)
    try saveCheckpoint(nil)
    _ = callback?(last)
  }

  /// Writes a metrics record and tells the callback. Checkpoints are no part of the metrics, so
  /// that a resumed run and an uninterrupted one write the same lines.
  func report(
    _ event: TrainingProgress.Event, _ outcome: StepOutcome?, _ callback: Callback?,
    _ evaluation: Evaluation? = nil
  ) throws(SVFTError) {
    let progress = progress(event, outcome, evaluation)
    if event != .checkpoint { try output?.append(progress.json) }
    if let callback, !callback(progress) {
      throw SVFTError(.cancelled, "training was cancelled at step \(state.step) of \(totalSteps)")
    }
  }

  private func progress(
    _ event: TrainingProgress.Event, _ outcome: StepOutcome?, _ evaluation: Evaluation?
  ) -> TrainingProgress {
    TrainingProgress(
      event: event, step: state.step, totalSteps: totalSteps,
      epoch: Double(order.epoch) + Double(order.cursor) / Double(max(1, order.count)),
      loss: state.reportedLoss(event), validationLoss: evaluation?.loss,
      validationScore: evaluation?.score?.value, validationFigure: evaluation?.score?.name,
      gradientNorm: outcome?.gradientNorm ?? .nan,
      learningRate: options.learningRate * run.schedule.factor(at: max(0, state.step - 1)),
      tokens: state.tokens, tokensPerSecond: clock.rate(tokens: state.tokens),
      elapsed: clock.elapsed, remaining: clock.remaining(state.step, of: totalSteps))
  }
}
