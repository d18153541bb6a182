// The folder of a run: metrics.jsonl, checkpoints, and at the end the adapter. One writer at a
// time.
import SVFTAdapters
import SVFTFormats
import SVFTTensor

/// Where a run writes.
final class OutputFolder {
  let path: String
  let checkpoints: CheckpointFolder
  private let lock: FolderLock
  private var metrics: LineLog?

  /// Makes the folder and takes its lock. Throws `.io`, `.busy` where another run has it.
  init(_ path: String) throws(SVFTError) {
    self.path = path
    lock = try FolderLock(path)
    checkpoints = CheckpointFolder(path)
    try AtomicFolder.removeLeftovers(in: path)
  }

  /// Begins the metrics of a new run. Throws `.state` where an earlier run left checkpoints, which
  /// would be taken for this run's, and where an adapter lies that this one would replace.
  func startFresh() throws(SVFTError) {
    if let earlier = try checkpoints.entries().last {
      throw SVFTError(
        .state,
        "\(path): expected no checkpoints of another run, found step \(earlier.step): resume it, "
          + "or choose another folder")
    }
    try startWithoutCheckpoint()
  }

  /// The same where checkpoints that were never finished may lie.
  func startWithoutCheckpoint() throws(SVFTError) {
    guard try !FileSystem.isFile(FileSystem.join(path, AdapterFile.tensorsName)) else {
      throw SVFTError(
        .state,
        "\(path): expected a folder without an adapter, found one that this run would replace: "
          + "choose another folder")
    }
    try startMetrics()
  }

  /// Opens metrics.jsonl with its first `lines` lines kept.
  func startMetrics(keeping lines: Int = 0) throws(SVFTError) {
    metrics = try LineLog(FileSystem.join(path, "metrics.jsonl"), keeping: lines)
  }

  /// Lines of metrics.jsonl.
  var metricLines: Int { metrics?.lines ?? 0 }

  func append(_ record: JSON) throws(SVFTError) { try metrics?.append(record.text(.compact)) }
}

extension Model {
  /// Throws `.invalidArgument` for the model's own folder: with an adapter in it, it would be taken
  /// for one.
  func requireForeign(_ folder: String) throws(SVFTError) {
    guard try !FileSystem.areSame(folder, path) else {
      throw SVFTError(
        .invalidArgument,
        "\(folder): expected a folder of its own for what is written, found the model's")
    }
  }

  /// Throws `.state` for the folder of a training run with checkpoints, or one of those: what is in
  /// there belongs together.
  static func requireNoRun(_ folder: String) throws(SVFTError) {
    let isCheckpoint = try FileSystem.isFile(FileSystem.join(folder, "trainer_state.json"))
    let entries = try CheckpointFolder(folder).entries()
    guard !isCheckpoint, entries.isEmpty else {
      throw SVFTError(
        .state,
        "\(folder): expected a folder without checkpoints, found those of a training run, whose "
          + "adapter this would replace: choose another folder")
    }
  }

  /// Throws `.invalidArgument` for a file that is the model, or lies in its folder.
  func requireForeign(file: String) throws(SVFTError) {
    let folder = FileSystem.parent(file) ?? "."
    guard try !FileSystem.areSame(file, path), try !FileSystem.areSame(folder, path) else {
      throw SVFTError(
        .invalidArgument, "\(file): expected a file outside the model, found one of it")
    }
  }
}
