// A folder of checkpoints "checkpoint-<step>", each an AtomicFolder. The newest whole one is what
// training resumes from: unfinished ones are skipped and named, a damaged one is an error, because
// going on from an older state or from scratch must be somebody's decision.
package import SVFTTensor

/// The checkpoints of one training run.
package struct CheckpointFolder: Sendable {
  /// One checkpoint.
  package struct Entry: Sendable, Equatable {
    package let step: Int
    package let path: String
  }

  package let path: String
  private static let prefix = "checkpoint-"

  /// The checkpoints in a folder, which need not exist yet.
  package init(_ path: String) { self.path = path }

  /// Saves the checkpoint of a step through `body`, which puts its files into a temporary folder.
  package func save(
    step: Int, expecting size: Int = 0, _ body: (String) throws(SVFTError) -> Void
  ) throws(SVFTError) {
    let place = FileSystem.join(path, "\(Self.prefix)\(step)")
    // Twice the size: the file system needs room for its own records too.
    let room = try Checked.product(size, 2, "the room for a checkpoint")
    try AtomicFolder.write(place, expecting: room, body)
  }

  /// All checkpoints by rising step, whole or not.
  package func entries() throws(SVFTError) -> [Entry] {
    guard try FileSystem.isFolder(path) else { return [] }
    return try FileSystem.list(path).compactMap { name in
      guard name.hasPrefix(Self.prefix), let step = Int(name.dropFirst(Self.prefix.count)),
        step >= 0, name == "\(Self.prefix)\(step)"
      else { return nil }
      return Entry(step: step, path: FileSystem.join(path, name))
    }.sorted { $0.step < $1.step }
  }

  /// The newest whole checkpoint, or nil; `skipped` gets the path of every newer unfinished one.
  package func newest(skipped: (String) -> Void) throws(SVFTError) -> Entry? {
    for entry in try entries().reversed() {
      if try AtomicFolder.verify(entry.path) { return entry }
      skipped(entry.path)
    }
    return nil
  }

  /// Removes all but the newest `keep` whole checkpoints, and what is unfinished and older than
  /// these.
  ///
  /// At least two are kept, so that a fault found late in the newest leaves one. Damaged ones stay,
  /// and so does the one of step `best`.
  package func prune(keep: Int, and best: Int? = nil) throws(SVFTError) {
    var kept = 0
    for entry in try entries().reversed() {
      if kept >= max(2, keep) {
        if entry.step != best { try FileSystem.remove(entry.path) }
      } else if try FolderManifest(reading: entry.path) != nil {
        kept += 1
      }
    }
  }
}
