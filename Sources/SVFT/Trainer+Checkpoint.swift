// What a checkpoint holds, and how a run goes on from one:
//
//   adapter_config.json, adapter_model.safetensors   the adapter as it is saved anywhere
//   optimizer.safetensors                            moments, by the parameters' names and order
//   trainer_state.json        counters, order, schedule horizon, early stopping
//
// Parameters are kept in the optimiser's file too, bit for bit and in stored row order, so that a
// resumed run continues exactly. A checkpoint of another run, or a damaged one, is an error and
// never a fresh start.
import SVFTAdapters
import SVFTFormats
import SVFTLayers
import SVFTTensor

extension Trainer {
  /// Writes the checkpoint of the step at hand, whole or not at all.
  func saveCheckpoint(_ callback: Callback?) throws(SVFTError) {
    guard let output else { return }
    state.metricLines = output.metricLines
    let tensors = try optimizerTensors()
    let size = run.optimizer.parameters.reduce(0) { $0 + 16 * $1.count }
    try output.checkpoints.save(step: state.step, expecting: size) { folder throws(SVFTError) in
      try adapter.write(to: folder)
      try SafetensorsWriter.write(FileSystem.join(folder, "optimizer.safetensors"), tensors)
      try AtomicFile.write(
        FileSystem.join(folder, "trainer_state.json"),
        text: JSON.object(state.json(horizon: totalSteps)).text(.pretty))
    }
    try output.checkpoints.prune(
      keep: options.checkpointsKept, and: state.evaluations > 0 ? state.bestStep : nil)
    savedStep = state.step
    if let callback { try report(.checkpoint, nil, callback) }
  }

  /// The moment that a template is told: the run's own where one is gone on with, so that its data
  /// stay the same over midnight.
  static func moment(_ output: String?, _ options: TrainingOptions) throws(SVFTError) -> Int {
    guard options.resumes, let output,
      let newest = try CheckpointFolder(output).newest(skipped: { _ in })
    else { return Clock.wall() }
    let state = try JSON.read(FileSystem.join(newest.path, "trainer_state.json"))
      .root("trainer_state.json")
    return state.has("now") ? try state.int("now") : Clock.wall()
  }

  /// Goes on from the newest whole checkpoint; starts afresh where there is none, and says so.
  func resume() throws(SVFTError) {
    guard let output else {
      throw SVFTError(
        .invalidArgument, "resume: expected an output folder to resume from, found none")
    }
    let newest = try output.checkpoints.newest { path in
      Log.warn("\(path) was never finished; an earlier checkpoint is used")
    }
    guard let newest else {
      Log.note("\(output.path) has no checkpoint; training starts at the beginning")
      return try output.startWithoutCheckpoint()
    }
    try during("resuming from \(newest.path)") { () throws(SVFTError) in
      let object = try JSON.read(FileSystem.join(newest.path, "trainer_state.json"))
        .root("trainer_state.json")
      var loaded = state
      try loaded.load(object, horizon: totalSteps)
      // A prepared method has chosen its cells: the parameters have another shape than fresh ones.
      // And what is over a decomposition of the base stays with the one that it was trained over.
      let isOwn = adapter.method.preparation == nil && type(of: adapter.method).baseFigures.isEmpty
      if isOwn {
        try adapter.requireKind(savedIn: newest.path)
      } else if loaded.prepared {
        try adapter.reload(from: newest.path)
        try run.adopt()
      }
      let file = try Safetensors(FileSystem.join(newest.path, "optimizer.safetensors"))
      let parts = try parts(of: file)
      // What may fail for other reasons comes first: from here on the adapter changes.
      try output.startMetrics(keeping: loaded.metricLines)
      try take(parts, of: file)
      state = loaded
      savedStep = loaded.step
    }
    run.optimizer.updates = state.updates
    order = EpochOrder(
      count: order.count, seed: order.seed, epoch: state.epoch, cursor: state.cursor)
    try adapter.attached.refresh(threads: run.network.threads)
    adapter.attached.isTrained = true
    // The adapter of a finished run may have been taken away since, or replaced.
    if state.finished { try adapter.write(to: output.path) }
  }

  /// Per parameter: its values and its moments, [rows, columns].
  private func optimizerTensors() throws(SVFTError) -> [OutgoingTensor] {
    let float = try StoredType.named("F32")
    var tensors: [OutgoingTensor] = []
    for (index, parameter) in run.optimizer.parameters.enumerated() {
      let parts = [
        ("values", parameter.weight.bytes), ("first", run.optimizer.first[index]),
        ("second", run.optimizer.second[index]),
      ]
      for (part, bytes) in parts {
        tensors.append(
          OutgoingTensor(
            Trainer.key(index, part), [bytes.byteCount / 4], float, bytes: bytes))
      }
    }
    return tensors
  }

  private static func key(_ index: Int, _ part: String) -> String { "\(index).\(part)" }

  /// A tensor of the file, and where its numbers belong.
  private typealias Part = (name: String, target: Buffer)

  /// Where values and moments belong. Throws `.mismatch` where they are not this run's.
  private func parts(of file: Safetensors) throws(SVFTError) -> [Part] {
    let parameters = run.optimizer.parameters
    guard file.names.count == 3 * parameters.count else {
      throw SVFTError(
        .mismatch,
        "optimizer.safetensors: expected the state of \(parameters.count) parameters, found "
          + "\(file.names.count / 3)")
    }
    var found: [Part] = []
    for (index, parameter) in parameters.enumerated() {
      let parts = [
        ("values", parameter.weight.bytes), ("first", run.optimizer.first[index]),
        ("second", run.optimizer.second[index]),
      ]
      for (part, target) in parts {
        let entry = try file.require(Trainer.key(index, part))
        guard entry.byteCount == target.byteCount, entry.type.name == "F32" else {
          throw SVFTError(
            .mismatch,
            "optimizer.safetensors: \(entry.name): expected \(target.byteCount) bytes of F32 for "
              + "\(parameter.name), found \(entry.byteCount) of \(entry.type.name)")
        }
        found.append((entry.name, target))
      }
    }
    return found
  }

  /// Takes values and moments one after the other, and lets go of their pages of the file: never
  /// the whole state twice.
  private func take(_ parts: [Part], of file: Safetensors) throws(SVFTError) {
    for (name, target) in parts {
      let from = try file.bytes(name)
      target.pointer.copyMemory(from: from.pointer, byteCount: target.byteCount)
      from.releasePages()
    }
  }
}
