// The flags of sampling, with the names people know from llama.cpp, and the library's defaults.
import ArgumentParser
import SVFT

/// How text is generated.
struct SamplingFlags: ParsableArguments {
  @Option(name: [.customShort("n"), .long], help: "Tokens to generate at most.")
  var predict = GenerationOptions().maxTokens
  @Option(help: "0 is greedy.") var temp = GenerationOptions().temperature
  @Option(name: .customLong("top-k")) var topK = GenerationOptions().topK
  @Option(name: .customLong("top-p")) var topP = GenerationOptions().topP
  @Option(name: .customLong("min-p")) var minP = GenerationOptions().minP
  @Option var repeatPenalty = GenerationOptions().repetitionPenalty
  @Option var frequencyPenalty = GenerationOptions().frequencyPenalty
  @Option var presencePenalty = GenerationOptions().presencePenalty
  @Option(help: "Tokens that the penalties look back on.")
  var repeatLastN = GenerationOptions().penaltyWindow
  @Option(help: "TOKEN:BIAS added to a logit. May be repeated.") var logitBias: [String] = []
  @Option var seed: UInt64 = 0
  @Option(help: "Stop before this text. May be repeated.") var stop: [String] = []
  @Option(help: "Stop at this token id. May be repeated.") var stopToken: [Int32] = []
  @Flag(help: "Go on past the model's own end token, and past the end of a turn.")
  var ignoreEos = false
  @Flag(help: "Parse special tokens in the prompt.") var special = false

  /// The options meant. Throws a usage error for a bias that is none.
  func options() throws -> GenerationOptions {
    var options = GenerationOptions()
    options.maxTokens = predict
    options.temperature = temp
    options.topK = topK
    options.topP = topP
    options.minP = minP
    options.repetitionPenalty = repeatPenalty
    options.frequencyPenalty = frequencyPenalty
    options.presencePenalty = presencePenalty
    options.penaltyWindow = repeatLastN
    options.seed = seed
    options.stopStrings = stop
    options.stopTokens = stopToken
    options.ignoresEnd = ignoreEos
    options.parsesSpecial = special
    for entry in logitBias {
      let parts = entry.split(separator: ":", maxSplits: 1)
      guard parts.count == 2, let id = Int32(parts[0]), let bias = Float(parts[1]) else {
        throw ValidationError("--logit-bias: expected TOKEN:BIAS, found \(entry)")
      }
      options.logitBias[id] = bias
    }
    return options
  }
}
