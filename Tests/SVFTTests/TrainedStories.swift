// The small trained language model of the shared data, with what its reference says of it, and
// quick adapters for any model: tests of the verbs compare with these.
import Foundation
import SVFT
import SVFTFormats
import TestKit

/// stories260K: a Llama of five layers that tells children's stories.
enum TrainedStories {
  /// The same weights in both containers.
  static let containers = ["hf", "gguf/stories260K-f32.gguf"]

  static func path(_ name: String) -> String { SharedData.path("stories260K/\(name)") }

  static func model(_ name: String = "hf", threads: Int = 2) throws -> Model {
    var options = ModelOptions()
    options.threads = threads
    options.precision = .f32
    return try Model(path: path(name), options: options)
  }

  /// What the reference says: "prompt", "continuation_ids", "text" and more.
  static func golden() throws -> JSON.Object {
    try JSON.read(path("golden/golden.json")).root("golden.json")
  }

  /// A few real stories as records, cut to some words.
  static func data(_ folder: TemporaryFolder) throws -> String {
    let file = SharedData.path("tinystories/first100.jsonl")
    let lines = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n").prefix(4)
    let records = try lines.map { line in
      let text = try JSON.parse(String(line)).root("a record").string("text")
      let record = JSON.Object([("text", .string(String(text.prefix(120))))])
      return try JSON.object(record).text(.compact)
    }
    return try folder.write("stories.jsonl", records.joined(separator: "\n"))
  }
}

/// A few steps at a rate high enough that the adapter matters, and nothing else.
func trainBriefly(
  _ adapter: Adapter, _ data: String, steps: Int = 3,
  _ change: (inout TrainingOptions) -> Void = { _ in }
) throws {
  var options = TrainingOptions()
  options.steps = steps
  options.batchSize = 2
  options.learningRate = 2e-2
  options.schedule = .constant
  change(&options)
  try Trainer(adapter, data: data, options: options).train()
}

/// The largest difference of two lists, relative to the largest number of the first; infinite where
/// they differ in length or hold something that is no number.
func relativeDistance(_ a: [Float], _ b: [Float]) -> Float {
  guard a.count == b.count, !a.isEmpty, (a + b).allSatisfy(\.isFinite) else { return .infinity }
  let largest = max(a.map(abs).max() ?? 0, .leastNormalMagnitude)
  return (zip(a, b).map { abs($0 - $1) }.max() ?? 0) / largest
}
