// The memory that work on a model will take, found by rehearsing it: loading, attaching, planning
// run as they do for real, under a ledger that counts and gives addresses without memory
// (MemoryLedger). Headers, configuration and tokenizer are read; of the weights nothing.
//
//   peak = process + overhead + max over stages of the ledger
//
// Overhead is what Swift's own objects (the tokenizer's tables above all) and the library's code
// have brought into the process by then: they are there, so they are measured and not computed.
import SVFTFormats
public import SVFTTensor

/// What work on a model takes of memory, in bytes.
public struct Estimate: Sendable, Equatable {
  /// A name and its bytes.
  public struct Figure: Sendable, Equatable {
    /// "key_value_cache".
    public let name: String
    /// Bytes.
    public let bytes: Int
  }

  /// What is held at the end, by what it is; parts of nothing are left out.
  public let parts: [Figure]
  /// The most that was held in each stage, in their order: beside the parts there are copies that
  /// come and go while weights are quantised, matrices decomposed, adapters saved.
  public let stages: [Figure]
  /// What the tokenizer and other small objects take.
  public let overhead: Int
  /// What the process held before.
  public let process: Int

  /// The most bytes that the model's memory limit must allow.
  public var model: Int { (stages.map(\.bytes).max() ?? 0) + overhead }
  /// The most bytes of the whole process.
  public var peak: Int { process + model }
  /// The name of the stage that takes the most.
  public var highestStage: String { stages.max { $0.bytes < $1.bytes }?.name ?? "" }

  /// {"parts": {…}, "stages": {…}, "overhead_bytes", "model_bytes", "process_bytes", "peak_bytes"}
  public func json() throws(SVFTError) -> String {
    func object(_ figures: [Figure]) -> JSON {
      .object(JSON.Object(figures.map { (key: $0.name, value: .integer($0.bytes)) }))
    }
    let report = JSON.Object([
      ("parts", object(parts)), ("stages", object(stages)),
      ("highest_stage", .string(highestStage)), ("overhead_bytes", .integer(overhead)),
      ("model_bytes", .integer(model)), ("process_bytes", .integer(process)),
      ("peak_bytes", .integer(peak)),
    ])
    return try JSON.object(report).text(.pretty)
  }

  /// A table for people.
  public var text: String {
    var lines: [String] = []
    func line(_ name: String, _ bytes: Int) {
      let size = Self.mebibytes(bytes)
      let words = name.split(separator: "_").joined(separator: " ")
      let dots = max(2, 40 - words.count - size.count)
      lines.append("\(words) \(String(repeating: ".", count: dots)) \(size)")
    }
    for part in parts { line(part.name, part.bytes) }
    line("tokenizer and small objects", overhead)
    let held = parts.reduce(0) { $0 + $1.bytes } + overhead
    if model > held { line("passing copies (\(highestStage))", model - held) }
    line("the model in all", model)
    line("the process before", process)
    line("peak", peak)
    return lines.joined(separator: "\n")
  }

  /// "123.4 MiB".
  private static func mebibytes(_ bytes: Int) -> String {
    let tenths = (bytes * 10 + (1 << 19)) >> 20
    return "\(tenths / 10).\(tenths % 10) MiB"
  }
}
