// svft generate: continues prompts.
import ArgumentParser
import Foundation
import SVFT

struct Generate: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Continue a prompt.")

  @OptionGroup var source: ModelArguments
  @OptionGroup var output: OutputArguments
  @Option(name: [.short, .long], help: "The prompt; several make one batch. \"-\" reads stdin.")
  var prompt: [String] = []
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
  @Flag(help: "Go on past the model's own end token.") var ignoreEos = false
  @Flag(help: "Parse special tokens in the prompt.") var special = false

  func run() throws {
    let model = try source.load()
    let prompts = try prompt.isEmpty ? [""] : prompt.map(Self.text)
    let streams = !output.json && prompts.count == 1
    let results = try model.generate(prompts, try options()) { _, _, text in
      if streams { Console.result(text, terminator: "") }
      return !Interrupt.isRequested
    }
    if output.json {
      Console.result(try Report.json(of: results))
    } else if streams {
      Console.result("")
    } else {
      for (prompt, result) in zip(prompts, results) { Console.result(prompt + result.text + "\n") }
    }
  }

  private static func text(_ prompt: String) throws -> String {
    guard prompt == "-" else { return prompt }
    return String(decoding: FileHandle.standardInput.readDataToEndOfFile(), as: UTF8.self)
  }

  private func options() throws -> GenerationOptions {
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
