// What loading takes, foreseen by rehearsing it; and what buffers do not show: Swift's own objects,
// the tokenizer's tables above all, and the library's code. The rehearsal brings them in for real,
// so they are measured. Other threads' allocations in that moment are counted too.
import SVFTFormats
import SVFTLayers
import SVFTModels
import SVFTTensor

extension MemoryLedger {
  /// Throws `.memory` if the weights, as they will lie in memory, go beyond the limit: mapped ones
  /// too, because computing brings them in. Only headers are read for that.
  func foresee(loading path: String, _ options: ModelOptions) throws(SVFTError) {
    guard limit > 0, !isRehearsal else { return }
    try debitOverhead(path, options)
    func load(_ options: ModelOptions) throws(SVFTError) { _ = try LoadedModel(path, options, nil) }
    try foresee("loading \(path)") {
      let smaller = ["q8_0", "q4_0"].first { name in
        var other = options
        other.quantization = name
        let peak = try? rehearsedPeak { () throws(SVFTError) in try load(other) }
        return (peak ?? .max) <= limit
      }
      return smaller.map { "quantize = \($0) would fit" } ?? "a smaller model is needed"
    } _: { () throws(SVFTError) in
      try load(options)
    }
  }

  /// Debits what loading makes the process grow by beside its buffers. What the rehearsal leaves
  /// on the heap, the tokenizer that follows uses again.
  private func debitOverhead(_ path: String, _ options: ModelOptions) throws(SVFTError) {
    let before = ProcessMemory.resident
    let rehearsal = MemoryLedger.rehearsal()
    let grown = try rehearsal.keep { () throws(SVFTError) in
      let loaded = try LoadedModel(path, options, nil)
      let reader = try loaded.reader()
      try reader.warm()
      rehearsal.dropReservedPages()
      return withExtendedLifetime((loaded, reader)) { ProcessMemory.resident - before }
    }
    try debit(max(0, grown))
  }
}

extension LoadedModel {
  /// Opens a checkpoint and takes its weights as the options say.
  init(
    _ path: String, _ options: ModelOptions,
    _ progress: (@Sendable (_ done: Int, _ total: Int) -> Bool)?
  ) throws(SVFTError) {
    let checkpoint = try Checkpoint(path, access: options.copiesFile ? .copied : .mapped)
    let loading = WeightReader.Loading(
      quantization: try options.quantization.map { (name) throws(SVFTError) in
        try during("quantize") { () throws(SVFTError) in try Quantization.required(name) }
      }, threads: try options.resolvedThreads(), inStrips: options.compute == .standard,
      progress: progress)
    self = try checkpoint.load(loading)
  }
}
