// Which checkpoint training goes on from, and that a process killed while saving loses none.
import Foundation
import Glibc
import SVFTFormats
import SVFTTensor
import Testing
import TestKit

@Suite struct CheckpointFolderTests {
  let folder: TemporaryFolder
  let checkpoints: CheckpointFolder

  init() throws {
    folder = try TemporaryFolder()
    checkpoints = CheckpointFolder(folder.file("run"))
  }

  @Test func theNewestWholeOneIsFoundByStepNotByName() throws {
    #expect(try checkpoints.newest { _ in } == nil)
    for step in [5, 10, 100, 20] { try save(step) }
    try FileSystem.makeFolder(folder.file("run/checkpoint-200"))
    try FileSystem.makeFolder(folder.file("run/checkpoint-0300"))
    var skipped: [String] = []
    #expect(try checkpoints.newest { skipped.append($0) }?.step == 100)
    #expect(skipped == [folder.file("run/checkpoint-200")])
    #expect(try checkpoints.entries().map(\.step) == [5, 10, 20, 100, 200])
  }

  @Test func aDamagedNewestIsAnErrorNotAnOlderState() throws {
    try save(1)
    try save(2)
    try folder.write("run/checkpoint-2/state", "other")
    #expect(throws: SVFTError.self) { try checkpoints.newest { _ in } }
  }

  @Test func pruningKeepsTheNewestWholeOnes() throws {
    for step in 1...5 { try save(step) }
    try FileSystem.remove(folder.file("run/checkpoint-5/COMPLETE"))
    try checkpoints.prune(keep: 2)
    #expect(try checkpoints.entries().map(\.step) == [3, 4, 5])
    try checkpoints.prune(keep: 0)
    #expect(try checkpoints.entries().map(\.step) == [3, 4, 5])
  }

  /// A child saves checkpoint after checkpoint over the same names until it is killed.
  @Test func killingTheWriterLosesNothingWhole() async throws {
    for round in 0..<6 {
      let path = folder.file("run")
      await #expect(processExitsWith: .signal(SIGKILL)) {
        [path = path as String, round = round as Int] in
        for step in 0..<1_000_000 {
          // The clock runs from the second save on, however slow the process was to start.
          if step == 1 {
            Thread.detachNewThread {
              usleep(UInt32(2_000 + 3_700 * round))
              kill(getpid(), SIGKILL)
            }
          }
          try CheckpointFolder(path).save(step: step % 4) { (place) throws(SVFTError) in
            try AtomicFile.write(place + "/state", text: String(repeating: "s", count: 100_000))
          }
        }
      }
      for entry in try checkpoints.entries() {
        #expect(try AtomicFolder.verify(entry.path), "\(entry.path)")
      }
      if try FileSystem.isFolder(path) { try AtomicFolder.removeLeftovers(in: path) }
    }
    #expect(try checkpoints.newest { _ in } != nil)
  }

  private func save(_ step: Int) throws {
    try checkpoints.save(step: step, expecting: 10) { (place) throws(SVFTError) in
      try AtomicFile.write(place + "/state", text: "step \(step)")
    }
  }
}
