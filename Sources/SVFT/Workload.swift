// What an estimate is asked about: a step of inference, or a training run. The names are those of
// the options of `generate` and of training. Data are not asked for: prompts and records count as
// long as they may be.
import SVFTAdapters
import SVFTFormats
public import SVFTTensor

/// Work on a model, as far as it decides memory.
public struct Workload: Sendable, Equatable {
  /// Tokens of each prompt or text; 0 is 512, or what the context allows.
  public var promptTokens = 0
  /// Tokens generated after each prompt at most.
  public var maxTokens = GenerationOptions().maxTokens
  /// Prompts or texts at the same time.
  public var batch = 1
  /// Options of createAdapter; nil means no training.
  public var adapter: String?
  /// How the adapter is trained; records are taken to be `maxLength` tokens long.
  public var training = TrainingOptions()
  /// Whether the run evaluates held-out data.
  public var evaluates = false
  /// Classes of labelled records; 0 trains the language head where there is one.
  public var classes = 0

  /// One prompt, no training.
  public init() {}

  private static let keys = [
    "prompt", "max_tokens", "batch", "adapter", "training", "validation", "classes",
  ]

  /// Work from a JSON object: "prompt", "max_tokens", "batch", or "adapter" (an object, options of
  /// createAdapter) with "training" (an object, options of training), "validation" (whether there
  /// is held-out data), "classes". Throws `.invalidArgument`.
  public init(json text: String) throws(SVFTError) {
    self.init()
    let object = try AdapterOptions.argument { () throws(SVFTError) in
      let object = try JSON.parse(text).root("estimate options")
      try object.refuseKeys(otherThan: Self.keys)
      return object
    }
    try AdapterOptions.argument { () throws(SVFTError) in
      promptTokens = try object.int("prompt", default: 0)
      maxTokens = try object.int("max_tokens", default: maxTokens)
      batch = try object.int("batch", default: batch)
      classes = try object.int("classes", default: 0)
      if object.has("adapter") {
        adapter = try JSON.object(object.object("adapter")).text(.compact)
      }
      if object.has("training") {
        training = try TrainingOptions(
          json: JSON.object(object.object("training")).text(.compact))
      }
      evaluates = try object.bool("validation", default: training.validationShare > 0)
    }
    guard adapter != nil || !object.has("training") else {
      throw SVFTError(
        .invalidArgument, "estimate options: expected \"adapter\" beside \"training\", found none")
    }
  }

  /// Throws `.invalidArgument` naming the first field that is out of range.
  func validate(context: Int) throws(SVFTError) {
    _ = try Checked.within(promptTokens, 0...context, "prompt")
    _ = try Checked.within(maxTokens, 0...(1 << 30), "max_tokens")
    _ = try Checked.within(batch, 1...65_536, "batch")
    _ = try Checked.within(classes, 0...65_536, "classes")
    try training.validate()
  }
}
