// Saving a model with its adapters merged, and the report of what that changed.
import SVFTAdapters
import SVFTLayers
import SVFTModels
import SVFTText
import SVFTFormats
public import SVFTTensor

extension Model {
  /// Writes the model with its attached adapters merged, in `format` or each tensor's own.
  ///
  /// All else as with options.
  public func save(
    to path: String, format: String? = nil, probe: String? = nil, progress: WorkProgress? = nil
  ) throws(SVFTError) -> String {
    var options = SavingOptions()
    (options.format, options.probe) = (format, probe)
    return try save(to: path, options, progress: progress)
  }

  /// Writes the model with its attached adapters merged. `path` ending in .gguf makes a GGUF file,
  /// any other a Hugging Face folder. A quantisation-aware adapter's matrices are written as
  /// training had them where the format is their own.
  ///
  /// Returns a JSON report: the path (of the first of several GGUF files), drift of the outputs
  /// between this model and the saved one (not where a GGUF file cannot hold what makes vectors as
  /// wide as they are), where something changed the perplexity before and after,
  /// for rounded formats the share of the change that was transmitted, what of the tokenizer and of
  /// embedding texts the container cannot hold, and "unchecked" where the memory limit leaves no
  /// room for the saved model beside this one. Throws `.io`, `.noSpace`, `.unsupported`,
  /// `.nonFinite` (weights that the format cannot hold, outputs that are no numbers), `.cancelled`;
  /// nothing half-written is left.
  public func save(
    to path: String, _ options: SavingOptions, progress: WorkProgress? = nil
  ) throws(SVFTError) -> String {
    try gate.exclusively { () throws(SVFTError) in
      let saver = try ModelSaver(self, path, options, progress)
      let probe = options.probe ?? Model.defaultProbe
      // Before anything is written: a model without finite outputs has no drift.
      let example = try probeExample(probe)
      let outputs = try probeOutputs(example)
      let (tensors, path) = try saver.write()
      var report = JSON.Object([
        ("path", .string(path)), ("tensors", .integer(tensors.count)),
        ("changed", .integer(tensors.count { $0.isChanged })),
        ("unties", .bool(saver.unties)),
      ])
      if let shares = Model.transmission(tensors) { report["transmitted"] = shares }
      let context = network.geometry.contextLength
      let lost =
        saver.isGGUF
        ? try tokenizer.losses() + network.heads.embedding.losses(context: context) : []
      if !lost.isEmpty { report["lost"] = .array(lost.map { .string($0) }) }
      do throws(SVFTError) {
        let saved = try reloaded(path)
        if let drift = try drift(of: saved, on: example, from: outputs) { report["drift"] = drift }
        if tensors.contains(where: \.isChanged), let figures = try perplexities(probe, saved) {
          report["perplexity"] = figures
        }
      } catch {
        // What was written is whole; there is no room to look at it.
        guard error.kind == .memory else { throw error }
        report["unchecked"] = .string(error.message)
      }
      return try JSON.object(report).text(.pretty)
    }
  }

  private static let defaultProbe =
    "Once upon a time there was a small boat in a quiet harbour, and everybody knew its name."

  /// The model that was saved, as it would be used here, in what the memory limit leaves.
  private func reloaded(_ path: String) throws(SVFTError) -> Model {
    var options = ModelOptions()
    options.threads = self.options.threads
    options.precision = self.options.precision
    if self.options.memoryLimit > 0 {
      options.memoryLimit = max(1, self.options.memoryLimit - network.memory.used)
    }
    return try Model(path: path, options: options)
  }

  /// How far the saved model's outputs lie from this one's, `mine`, on the same tokens: those of a
  /// GGUF file's tokenizer may be others where a text has characters that the vocabulary lacks. Nil
  /// where its vectors have another number of columns: what makes them so is among what was lost.
  private func drift(
    of saved: Model, on example: Example, from mine: [Float]
  ) throws(SVFTError) -> JSON? {
    let theirs = try saved.probeOutputs(example)
    if network.heads.usual == .embedding, saved.embeddingWidth != embeddingWidth { return nil }
    try invariant(mine.count == theirs.count, "\(mine.count) and \(theirs.count) probe outputs")
    var (largest, sum, magnitude) = (0.0, 0.0, 0.0)
    for (a, b) in zip(mine, theirs) {
      let difference = abs(Double(a) - Double(b))
      largest = max(largest, difference)
      sum += difference
      magnitude = max(magnitude, abs(Double(a)))
    }
    return .object(
      JSON.Object([
        ("max", .number(largest)), ("mean", .number(sum / Double(max(1, mine.count)))),
        ("relative", .number(magnitude > 0 ? largest / magnitude : 0)),
      ]))
  }

  /// The ids of a probe text; ids from all over the vocabulary where texts have none.
  func probeTokens(_ probe: String) throws(SVFTError) -> [Int32] {
    let tokenizer = try tokenizer
    guard tokenizer.isAbsent else {
      return try tokenizer.encode(probe, addSpecial: true, parseSpecial: false)
    }
    return (0..<32).map { Int32(truncatingIfNeeded: $0 * 37 % vocabularySize) }
  }

  /// Logits of every position, or the vector of an encoder; of a model of images for noise. The
  /// caller holds the gate.
  private func probeOutputs(_ example: Example) throws(SVFTError) -> [Float] {
    guard example.rows > 0 else { return [] }
    return try during("the probe") { () throws(SVFTError) in
      switch network.heads.usual {
      case .language: try sequenceLogits(probed(example.ids))
      case .tags: try rowOutputs(.tags, example).flatMap { $0 }
      case .classes, .multiLabel, .score:
        try pooled(network.heads.ofTexts, [example.repeated(from: network.geometry.startToken)])[0]
      case .embedding: try pooled(.embedding, [example])[0]
      }
    }
  }

  private func probeExample(_ probe: String) throws(SVFTError) -> Example {
    if let grid = network.geometry.grid { return Example(.noise(rows: grid.rows)) }
    return Example(ids: Array(try probeTokens(probe).prefix(min(64, contextLength))))
  }
}
