// The full-precision weights that a rounded model was made of: those of the path that the options
// name, or of the model's own files where it was quantised while it was loaded. They stay in their
// file; rows are read when a rounded matrix is made.
import SVFTAdapters
import SVFTFormats
import SVFTLayers
import SVFTModels
import SVFTTensor

extension Model {
  /// The rounded matrices of an adapter whose options ask for them; nil for others.
  ///
  /// `.mismatch` for latents of another model, `.invalidArgument` where nothing is rounded,
  /// `.unsupported` for a method that adds no change, `.memory`.
  func rounded(_ adapter: Adapter.Attached) throws(SVFTError) -> RoundedModules? {
    guard let awareness = try QuantizationAwareness(AdapterOptions(.object(adapter.options)))
    else { return nil }
    if awareness.scales != .learned {
      adapter.learned = nil
    } else if adapter.learned?.belong(to: adapter.method) != true {
      adapter.learned = try LearnedScales(
        adapter.method.projections, rate: awareness.scaleRate)
    }
    var latents: Latents?
    if awareness.latents != .dither { latents = try self.latents() }
    return try RoundedModules(
      adapter.method, scale: adapter.scale, awareness, threads: network.threads, stored: latents,
      learned: adapter.learned)
  }

  /// Gives a fresh method what it can hold of the quantisation error, full-precision weights less
  /// those of the model.
  ///
  /// For SVFT that is M_ij = u_iᵀ(W − W_q)v_j, the least-squares solution on its pattern, for LoRA
  /// the best approximation of its rank. Throws `.mismatch` where there are no finer weights,
  /// `.unsupported` for a method that adds no change, `.invalidArgument` beside quantisation-aware
  /// training, whose latents are these already.
  func repair(
    _ method: any AdapterMethod, _ options: AdapterOptions
  ) throws(SVFTError) {
    guard try QuantizationAwareness(options) == nil else {
      throw SVFTError(
        .invalidArgument,
        "repair: expected it without quantization_aware, which starts from the same weights")
    }
    guard type(of: method).isAdditive else {
      throw SVFTError(
        .unsupported,
        "repair: expected a method that adds a change to weights, found \(type(of: method).name)")
    }
    guard let latents = try latents() else {
      throw SVFTError(
        .mismatch,
        "repair: expected the full-precision weights that this model was quantised from, found "
          + "none: name their folder as the model's latents")
    }
    guard !MemoryLedger.isRehearsing else { return }
    var (energy, taken) = (0.0, 0.0)
    for projection in method.projections {
      try gate.checkCancelled("attaching the adapter")
      let slot = try latents.slot(projection.weight.name)
      let own = try projection.weight.canonical()
      let change = WeightChange(try slot.canonical().minus(own))
      // What a quantiser leaves is a part of the matrix; another matrix is farther away than zero.
      guard change.energy <= WeightChange(own).energy else {
        throw SVFTError(
          .mismatch,
          "repair: expected the full-precision weights that this model was quantised from, found "
            + "others at \(projection.name)")
      }
      energy += change.energy
      taken += try method.adopt(change, at: "\(projection.name).weight")
      slot.weight.bytes.releasePages()
    }
    method.refresh(threads: network.threads)
    let share = energy > 0 ? taken / energy : 0
    Log.note(
      "repair: the adapter holds \((1000 * share).rounded() / 10) % of the quantisation error")
  }

  /// Nil where nobody has finer weights than these.
  private func latents() throws(SVFTError) -> Latents? {
    if let knownLatents { return knownLatents }
    guard let path = options.latents ?? (options.quantization == nil ? nil : path) else {
      return nil
    }
    // A mapped file that others cut short would end the host.
    let checkpoint = try Checkpoint(path, access: options.copiesFile ? .copied : .mapped)
    let architecture = network.architecture
    guard checkpoint.family == type(of: architecture) else {
      throw SVFTError(
        .mismatch,
        "\(path): expected the full-precision weights of a \(architecture.name), found those of "
          + "another family")
    }
    let latents = Latents(checkpoint, architecture)
    // What a rehearsal opens is not read.
    if !MemoryLedger.isRehearsing { knownLatents = latents }
    return latents
  }
}

/// Another file's matrices by name.
final class Latents: LatentSource {
  private let reader: WeightReader
  private let architecture: any Architecture
  private let isGGUF: Bool

  init(_ checkpoint: Checkpoint, _ architecture: any Architecture) {
    reader = WeightReader(
      checkpoint.source, names: checkpoint.family.tensorNames, dialect: checkpoint.hyper.dialect)
    self.architecture = architecture
    isGGUF = checkpoint.gguf != nil
  }

  func slot(_ name: String) throws(SVFTError) -> Slot {
    do throws(SVFTError) {
      let own = architecture.slots.first { $0.name == name }
      return try reader.glance(
        name, rowOrder: isGGUF ? architecture.ggufLayout(name).rowOrder : .canonical,
        isTransposed: own?.isTransposedInFolders ?? false)
    } catch {
      guard error.kind == .format else { throw error }
      throw SVFTError(.mismatch, "latents: expected \(name), found none: \(error.message)")
    }
  }
}

extension Adapter.Attached {
  /// The entry of adapter_config.json of an adapter for rounded weights; nil for others.
  func awareness() throws(SVFTError) -> (key: String, value: JSON)? {
    guard let awareness = try QuantizationAwareness(AdapterOptions(.object(options))) else {
      return nil
    }
    return awareness.entry(codes: scale == 1 ? try rounded?.codes() : nil)
  }

  /// Warns where a saved adapter's matrices round otherwise here than where it was trained: another
  /// processor's last bits may decide a code that lies between two.
  func compareCodes(_ configuration: JSON.Object, _ path: String) throws(SVFTError) {
    var options = JSON.Object()
    guard let expected = try QuantizationAwareness.read(configuration, into: &options),
      scale == 1, let rounded, try rounded.codes() != expected
    else { return }
    Log.warn(
      "\(path): some weights round to other codes here than where the adapter was trained; outputs "
        + "may differ a little")
  }
}
