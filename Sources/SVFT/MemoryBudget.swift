// The caller's memory limit. Checked before large allocations, against what the process holds now.
import SVFTFormats
import SVFTModels
import SVFTTensor

/// How many bytes a model may bring the process to use; 0 is no limit.
struct MemoryBudget: Sendable {
  let limit: Int
  /// What the process used before the model came.
  let before: Int

  init(limit: Int) throws(SVFTError) {
    guard limit >= 0 else {
      throw SVFTError(.invalidArgument, "memory_limit: expected 0 or more bytes, found \(limit)")
    }
    self.limit = limit
    self.before = ProcessMemory.resident
  }

  /// Throws `.memory` if `bytes` more would go beyond the limit.
  func check(adding bytes: Int) throws(SVFTError) {
    guard limit > 0 else { return }
    let used = max(0, ProcessMemory.resident - before)
    guard bytes <= limit, used <= limit - bytes else {
      throw SVFTError(
        .memory,
        "expected to stay within memory_limit = \(limit) bytes, found \(used) in use and \(bytes) "
          + "more needed: use shorter steps, a smaller batch or a quantised model")
    }
  }
}

extension MemoryBudget {
  /// Throws `.memory` if the weights, as they will lie in memory, go beyond the limit: mapped ones
  /// too, because computing brings them in. Only headers are read for that.
  func check(loading path: String, _ options: ModelOptions) throws(SVFTError) {
    guard limit > 0 else { return }
    let format = try options.quantization.map { (name) throws(SVFTError) in
      try ElementFormats.required(name)
    }
    let source = try Checkpoint(path).source
    var bytes = 0
    for entry in source.entries {
      if options.copiesFile { bytes = try Checked.sum(bytes, entry.byteCount, path) }
      guard let format, entry.shape.count > 1 else {
        if !options.copiesFile { bytes = try Checked.sum(bytes, entry.byteCount, path) }
        continue
      }
      let blocks = try Checked.product(entry.shape, entry.name) / format.blockLength
      bytes = try Checked.sum(bytes, Checked.product(blocks, format.blockBytes, entry.name), path)
    }
    try check(adding: bytes)
  }
}
