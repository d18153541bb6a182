// The data of a run: what is trained on, what is held out.
import SVFTLayers
import SVFTModels
import SVFTTensor

/// Training and held-out examples.
struct TrainingSets {
  let train: Dataset
  /// Held-out data: a file of its own, or a share of the training data; nil without either.
  let held: Dataset?
  /// The moment that their conversations were told, in seconds since 1970; 0 where none asks, so
  /// that equal runs leave equal files.
  let now: Int

  init(train: Dataset, held: Dataset?) {
    self.train = train
    self.held = held
    now = 0
  }

  /// Reads a data path and one of held-out data. Throws `.data`, `.io`.
  init(
    _ path: String, _ validation: String?, _ model: Model, _ options: TrainingOptions, now: Int
  ) throws(SVFTError) {
    self.now = model.chatTemplate?.asksForMoment ?? false ? now : 0
    let source = try model.exampleSource(options, now: now)
    let files = try source.files(path)
    let all = try source.dataset(file: files.train, like: nil)
    if let file = validation ?? files.valid {
      let held = try source.dataset(file: file, like: all.task)
      guard held.task == all.task else {
        throw SVFTError(
          .data,
          "\(file): expected \(all.task.rawValue) records like the training data, found "
            + held.task.rawValue)
      }
      train = all
      self.held = held
    } else if options.validationShare > 0 {
      let parts = all.split(share: options.validationShare, seed: options.seed)
      train = parts.train
      held = parts.held.examples.isEmpty ? nil : parts.held
    } else {
      train = all
      held = nil
    }
    try requireHeldOut(for: options)
  }

  /// Throws `.invalidArgument` for options that say when to evaluate where there is nothing to
  /// evaluate, or to stop by evaluations that nobody makes: they would do nothing.
  private func requireHeldOut(for options: TrainingOptions) throws(SVFTError) {
    let asked = [
      ("steps_per_eval", options.evaluateEvery), ("patience", options.patience),
    ].first { $0.1 > 0 }
    if let (name, value) = asked, held == nil {
      throw SVFTError(
        .invalidArgument,
        "\(name): expected held-out data to evaluate (a validation file, val_split, or a valid "
          + "file in the data folder) for \(value), found none")
    }
    guard options.patience == 0 || options.evaluateEvery > 0 else {
      throw SVFTError(
        .invalidArgument,
        "patience: expected steps_per_eval above 0 to count evaluations by, found 0")
    }
  }
}

extension Model {
  /// What turns files into examples for this model.
  func exampleSource(
    _ options: TrainingOptions, now: Int = Clock.wall()
  ) throws(SVFTError) -> any ExampleSource {
    let geometry = network.geometry
    let outputs = network.heads.classes?.outputs ?? 0
    if let grid = geometry.grid {
      try requireImages()
      return ImageRecords(rows: grid.rows, outputs: outputs)
    }
    return ExampleBuilder(
      try tokenizer, options, contextLength: contextLength, template: chatTemplate, now: now,
      outputs: outputs, segments: geometry.segments, startToken: geometry.startToken)
  }
}

extension Dataset {
  /// Optimiser steps of one epoch; no step spans two epochs.
  func stepsPerEpoch(_ options: TrainingOptions) -> Int {
    let batches = (examples.count + options.batchSize - 1) / options.batchSize
    return (batches + options.accumulation - 1) / options.accumulation
  }
}
