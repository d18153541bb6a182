// Training options as JSON, with the names of the command line's long flags. Every door that passes
// options as text (configuration files, evaluation options, scenario files) goes through here.
package import SVFTFormats
public import SVFTTensor

extension TrainingOptions {
  private typealias Integer = (
    key: String, path: any WritableKeyPath<TrainingOptions, Int> & Sendable
  )
  private typealias Number = (
    key: String, path: any WritableKeyPath<TrainingOptions, Double> & Sendable
  )

  private static let integers: [Integer] = [
    ("epochs", \.epochs), ("steps", \.steps), ("batch_size", \.batchSize),
    ("grad_accumulation_steps", \.accumulation), ("warmup_steps", \.warmupSteps),
    ("max_seq_length", \.maxLength), ("steps_per_eval", \.evaluateEvery), ("patience", \.patience),
    ("save_every", \.saveEvery), ("save_total_limit", \.checkpointsKept),
    ("steps_per_report", \.reportEvery),
  ]
  private static let numbers: [Number] = [
    ("learning_rate", \.learningRate), ("head_learning_rate", \.headLearningRate),
    ("warmup_ratio", \.warmupRatio), ("weight_decay", \.weightDecay), ("beta1", \.beta1),
    ("beta2", \.beta2), ("epsilon", \.epsilon), ("momentum", \.momentum),
    ("max_grad_norm", \.maxGradientNorm), ("val_split", \.validationShare),
  ]
  private static let words = ["optimizer", "lr_schedule", "on_long", "loss_on", "chat_layout"]

  /// The names of all options.
  public static var names: [String] {
    integers.map(\.key) + numbers.map(\.key) + words + ["seed", "gradient_checkpointing", "resume"]
  }

  /// Options from a JSON object; what it leaves out keeps its default.
  /// Throws `.invalidArgument` for unknown keys, wrong types and numbers out of range.
  public init(json text: String) throws(SVFTError) {
    self.init()
    do {
      try take(try JSON.parse(text).root("training options"))
    } catch {
      let isForm = error.kind == .format || error.kind == .truncated
      throw SVFTError(isForm ? .invalidArgument : error.kind, error.message)
    }
    try validate()
  }

  /// The options that decide what is learnt, all of them; how a run reports, saves and resumes, and
  /// what it keeps in memory, changes nothing.
  package var shaping: JSON.Object {
    let others = ["save_every", "save_total_limit", "steps_per_report"]
    var object = JSON.Object()
    for (key, path) in TrainingOptions.integers where !others.contains(key) {
      object[key] = .integer(self[keyPath: path])
    }
    for (key, path) in TrainingOptions.numbers { object[key] = .number(self[keyPath: path]) }
    let chosen = [
      optimizer.rawValue, schedule.rawValue, longRecords.rawValue, lossOn.rawValue,
      chatStyle.rawValue,
    ]
    for (key, word) in zip(TrainingOptions.words, chosen) { object[key] = .string(word) }
    object["seed"] = .integer(Int(bitPattern: UInt(seed)))
    return object
  }

  private mutating func take(_ object: JSON.Object) throws(SVFTError) {
    try object.refuseKeys(otherThan: TrainingOptions.names)
    for (key, path) in TrainingOptions.integers {
      self[keyPath: path] = try object.int(key, default: self[keyPath: path])
    }
    for (key, path) in TrainingOptions.numbers {
      self[keyPath: path] = try object.double(key, default: self[keyPath: path])
    }
    optimizer = try word(object, "optimizer", optimizer)
    schedule = try word(object, "lr_schedule", schedule)
    longRecords = try word(object, "on_long", longRecords)
    lossOn = try word(object, "loss_on", lossOn)
    chatStyle = try word(object, "chat_layout", chatStyle)
    recomputes = try object.bool("gradient_checkpointing", default: recomputes)
    resumes = try object.bool("resume", default: resumes)
    seed = try object.seed("seed", default: seed)
  }

  private func word<Word: RawRepresentable & CaseIterable>(
    _ object: JSON.Object, _ key: String, _ current: Word
  ) throws(SVFTError) -> Word where Word.RawValue == String {
    guard object.has(key) else { return current }
    let text = try object.string(key)
    guard let word = Word(rawValue: text) else {
      let known = Word.allCases.map(\.rawValue).joined(separator: ", ")
      throw SVFTError(.invalidArgument, "\(key): expected one of \(known), found \"\(text)\"")
    }
    return word
  }
}
