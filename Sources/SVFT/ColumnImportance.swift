// How much each column of a model's matrices matters, for encoders that weigh (SVFTTensor's fits):
// the mean square of what it is multiplied with over a text that the model is run on, or the file
// that llama.cpp's imatrix tool wrote of such a run (general.type "imatrix": tensors NAME.in_sum2
// under the names of GGUF files).
//
// Only ratios count. No column is less than a thousandth of the mean: a text may have missed it.
import SVFTFormats
import SVFTLayers
import SVFTModels
import SVFTTensor

/// Factors per column of single tensors.
struct ColumnImportance {
  /// By the canonical names of tensors; their mean is 1.
  private var factors: [String: [Float]] = [:]
  private static let least: Float = 1e-3

  /// How many tensors there are factors of.
  var count: Int { factors.count }

  /// The factors of a tensor's columns; nil where nothing is known.
  subscript(name: String) -> [Float]? { factors[name] }

  private mutating func take(_ name: String, _ sums: [Double]) {
    let mean = sums.reduce(0, +) / Double(max(1, sums.count))
    guard mean.isFinite, mean > 0 else { return }
    factors[name] = sums.map { max(Self.least, Float($0 / mean)) }
  }

  /// What `path` says: a text or records that the model is run on, or an imatrix file. The caller
  /// holds the gate.
  ///
  /// Throws `.io`, `.data` with the line, `.format`, `.shape` (a file of another model),
  /// `.nonFinite`, `.cancelled`.
  init(_ model: Model, _ path: String, _ progress: WorkProgress?) throws(SVFTError) {
    if try TensorFile.isGGUF(path) {
      try read(path, model)
    } else {
      try measure(path, model, progress)
    }
  }

  private mutating func measure(
    _ path: String, _ model: Model, _ progress: WorkProgress?
  ) throws(SVFTError) {
    let source = try model.exampleSource(TrainingOptions())
    let dataset = try source.dataset(file: path, like: nil)
    let projections = model.network.projections
    var watches: [InputWatch] = []
    for projection in projections { watches.append(try InputWatch(projection)) }
    for (projection, watch) in zip(projections, watches) {
      projection.attachments.append(Attachment(watch, scale: 1))
    }
    model.network.invalidate()
    defer {
      for projection in projections { projection.attachments.removeLast() }
      model.network.invalidate()
    }
    try model.run(dataset.examples, progress)
    for (projection, watch) in zip(projections, watches) {
      take(projection.weight.name, watch.squares)
    }
  }

  private mutating func read(_ path: String, _ model: Model) throws(SVFTError) {
    let file = try GGUF(path)
    guard case .string("imatrix") = file.value("general.type") else {
      throw SVFTError(
        .format, "\(path): expected a text or an imatrix file, found another GGUF file")
    }
    let names = type(of: model.network.architecture).tensorNames
    for slot in model.loaded.storedSlots where slot.shape.count > 1 {
      guard let name = names.gguf(slot.name), let entry = file.entry(name + ".in_sum2") else {
        continue
      }
      guard entry.type.name == "F32", entry.shape.reduce(1, &*) == slot.weight.columns else {
        throw SVFTError(
          .shape,
          "\(path): \(entry.name): expected F32 [\(slot.weight.columns)], found "
            + "\(entry.type.name) \(entry.shape)")
      }
      let bytes = try file.bytes(entry.name)
      let sums = withExtendedLifetime(bytes) {
        (0..<slot.weight.columns).map {
          Double(bytes.pointer.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self))
        }
      }
      guard sums.allSatisfy({ $0.isFinite && $0 >= 0 }) else {
        throw SVFTError(
          .nonFinite, "\(path): \(entry.name): expected sums of squares, found another number")
      }
      take(slot.name, sums)
    }
  }
}

extension Model {
  /// Runs body and head on examples; what they give is not looked at.
  fileprivate func run(_ examples: [Example], _ progress: WorkProgress?) throws(SVFTError) {
    var reporter = ProgressReporter("calibrating", total: examples.count, progress)
    let purpose = network.heads.usual
    guard purpose == .language || purpose == .tags else {
      _ = try pooled(purpose, examples)
      return try reporter.reached(examples.count)
    }
    for (index, example) in examples.enumerated() {
      if purpose == .language {
        _ = try sequenceLogits(example)
      } else {
        _ = try rowOutputs(purpose, example)
      }
      try reporter.reached(index + 1)
    }
  }
}
