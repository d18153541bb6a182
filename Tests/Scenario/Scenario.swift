// The scenario through the Swift API, as a program that knows the module SVFT only:
//
//   ScenarioHost scenario.json FIXTURES THREADS OUT
//
// OUT gets report.txt (losses, figures, ids and texts, numbers with 17 digits), run/ (adapter) and
// merged.gguf. The programs of the other doors write the same; test_scenario.py compares them.
import Foundation
import SVFT

@main struct Scenario {
  let values: [String: Any]
  let fixtures: String
  let threads: Int
  let out: String
  private var report = ""

  static func main() throws {
    let arguments = CommandLine.arguments
    guard arguments.count == 5, let threads = Int(arguments[3]) else {
      throw Unfit(description: "expected scenario.json FIXTURES THREADS OUT")
    }
    let data = try Data(contentsOf: URL(fileURLWithPath: arguments[1]))
    guard let values = try JSONSerialization.jsonObject(with: data) as? [String: Any] else {
      throw Unfit(description: "expected a scenario as a JSON object")
    }
    var scenario = Scenario(
      values: values, fixtures: arguments[2], threads: threads, out: arguments[4])
    try scenario.run()
  }

  struct Unfit: Error, CustomStringConvertible { let description: String }

  private mutating func run() throws {
    var options = ModelOptions()
    options.quantization = try text("quantize")
    options.threads = threads
    options.cacheFolder = "\(out)/cache"
    let model = try Model(path: file("model"), options: options)
    try model.factor(text("targets").split(separator: ",").map(String.init))
    let adapter = try model.createAdapter(json("adapter"))
    try train(adapter)
    let evaluation = try model.evaluate(file("evaluation"))
    report += "evaluation \(digits(evaluation.loss)) \(digits(evaluation.accuracy ?? .nan))\n"
    let continued = try model.generate(value("prompts"), generation())
    let answers = try model.generate(conversations: [json("conversation")], generation())
    for result in continued + answers {
      report += "ids \(result.tokens.map { "\($0)" }.joined(separator: " "))\n"
      report += "text \(result.text)\n"
    }
    _ = try model.save(to: "\(out)/merged.gguf", format: text("merged"))
    try report.write(toFile: "\(out)/report.txt", atomically: false, encoding: .utf8)
  }

  private mutating func train(_ adapter: Adapter) throws {
    let trainer = try Trainer(
      adapter, data: file("data"), output: "\(out)/run",
      options: TrainingOptions(json: json("training")))
    var lines = ""
    try trainer.train { progress in
      if progress.event == .step { lines += "loss \(progress.step) \(digits(progress.loss))\n" }
      if let loss = progress.validationLoss {
        lines += "validation \(progress.step) \(digits(loss))\n"
      }
      return true
    }
    report += lines
  }

  private func generation() throws -> GenerationOptions {
    let given: [String: NSNumber] = try value("generation")
    var options = GenerationOptions()
    for (key, number) in given {
      switch key {
      case "max_tokens": options.maxTokens = number.intValue
      case "temperature": options.temperature = number.floatValue
      case "top_k": options.topK = number.intValue
      case "repetition_penalty": options.repetitionPenalty = number.floatValue
      case "seed": options.seed = number.uint64Value
      default: throw Unfit(description: "generation: no such option here: \(key)")
      }
    }
    return options
  }

  private func value<Value>(_ key: String) throws -> Value {
    guard let value = values[key] as? Value else {
      throw Unfit(description: "\(key): expected a \(Value.self) in the scenario")
    }
    return value
  }

  private func text(_ key: String) throws -> String { try value(key) }

  private func file(_ key: String) throws -> String { "\(fixtures)/\(try text(key))" }

  private func json(_ key: String) throws -> String {
    let given: Any = try value(key)
    return String(decoding: try JSONSerialization.data(withJSONObject: given), as: UTF8.self)
  }
}

/// As many digits as make a Double exact.
private func digits(_ value: Double) -> String { String(format: "%.17g", value) }
