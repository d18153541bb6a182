// What a caller may ask of generation. The same fields stand in svft_generation_params, in the
// Python package and in the command line's flags; the checks are here, once. Those of adapters are
// in PromptAdapter.swift.
package import SVFTTensor

/// How text is generated. The defaults sample mildly; `temperature = 0` is greedy. They are the
/// same for every model: of a generation_config.json the end tokens count, and no setting of
/// sampling.
public struct GenerationOptions: Sendable {
  /// Tokens to generate at most, per prompt.
  public var maxTokens = 128
  /// Divides the logits; 0 picks the largest (greedy).
  public var temperature: Float = 0.8
  /// Keeps the k largest logits; 0 keeps all.
  public var topK = 40
  /// Keeps the smallest set of tokens with this much probability; 1 keeps all.
  public var topP: Float = 0.95
  /// Drops tokens less probable than this share of the most probable; 0 drops none.
  public var minP: Float = 0.05
  /// Divides positive and multiplies negative logits of seen tokens; 1 does nothing.
  public var repetitionPenalty: Float = 1
  /// Subtracted from a token's logit once per occurrence.
  public var frequencyPenalty: Float = 0
  /// Subtracted from the logit of every token that occurred.
  public var presencePenalty: Float = 0
  /// How many of the last tokens the penalties look at; 0 is none.
  public var penaltyWindow = 64
  /// Added to single logits, by token id.
  public var logitBias: [Int32: Float] = [:]
  /// Seed of the draws; equal seeds give equal texts.
  public var seed: UInt64 = 0
  /// Generation ends before any of these strings.
  public var stopStrings: [String] = []
  /// Generation ends at any of these tokens, besides the model's own end tokens.
  public var stopTokens: [Int32] = []
  /// Generates on past the model's own end tokens, and past the end of an assistant's turn.
  public var ignoresEnd = false
  /// Whether special tokens written out in a prompt are parsed as such.
  public var parsesSpecial = false
  /// Adapters of single prompts, on top of those that act on all: one for each prompt, nil for
  /// none. Empty where no prompt has one.
  public var adapters: [PromptAdapter?] = []

  /// The defaults.
  public init() {}

  /// Throws `.invalidArgument` naming the first field that is out of range.
  package func validate(vocabulary: Int) throws(SVFTError) {
    _ = try Checked.within(maxTokens, 0...1 << 24, "max_tokens")
    try finite(temperature, 0...1e4, "temperature")
    _ = try Checked.within(topK, 0...1 << 24, "top_k")
    try finite(topP, 0...1, "top_p")
    try finite(minP, 0...1, "min_p")
    guard repetitionPenalty.isFinite, repetitionPenalty > 0 else {
      throw SVFTError(
        .invalidArgument,
        "repetition_penalty: expected a number above 0, found \(repetitionPenalty)")
    }
    try finite(frequencyPenalty, -1e4...1e4, "frequency_penalty")
    try finite(presencePenalty, -1e4...1e4, "presence_penalty")
    _ = try Checked.within(penaltyWindow, 0...1 << 24, "penalty_window")
    for (id, bias) in logitBias {
      guard id >= 0, id < vocabulary else {
        throw SVFTError(
          .invalidArgument, "logit_bias: expected a token id below \(vocabulary), found \(id)")
      }
      guard bias < .infinity else {
        throw SVFTError(
          .invalidArgument,
          "logit_bias of token \(id): expected a number or minus infinity, found \(bias)")
      }
    }
    if let empty = stopStrings.firstIndex(of: "") {
      throw SVFTError(.invalidArgument, "stop string \(empty): expected some text, found none")
    }
  }

  private func finite(
    _ value: Float, _ range: ClosedRange<Float>, _ what: String
  ) throws(SVFTError) {
    guard value.isFinite else {
      throw SVFTError(.invalidArgument, "\(what): expected a finite number, found \(value)")
    }
    _ = try Checked.within(value, range, what)
  }
}
