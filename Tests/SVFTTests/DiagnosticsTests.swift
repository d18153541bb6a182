// Warnings reach whoever listens, and nobody once nobody does. The listener is one for the whole
// process, so other tests may be heard too: each message here is known by its text.
import Foundation
import SVFT
import SVFTTensor
import Synchronization
import TestKit
import Testing

@Suite(.serialized) struct DiagnosticsTests {
  private final class Heard: Sendable {
    let lines = Mutex<[String]>([])

    func listen() {
      Diagnostics.install { level, text in self.lines.withLock { $0.append("\(level): \(text)") } }
    }

    func has(_ line: String) -> Bool { lines.withLock { $0.contains(line) } }
  }

  @Test func levelsAndTextsArrive() {
    let heard = Heard()
    heard.listen()
    defer { Diagnostics.install(nil) }
    Log.warn("diagnostics, first – é")
    Log.note("diagnostics, second")
    #expect(heard.has("warning: diagnostics, first – é"))
    #expect(heard.has("note: diagnostics, second"))
  }

  @Test func filesThatAreNoPicturesAreNamed() throws {
    let folder = try TemporaryFolder()
    let place = folder.file("d/cat")
    try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
    for name in ["a.png", "b.webp", "notes.txt"] { try folder.write("d/cat/\(name)", "x") }
    let heard = Heard()
    heard.listen()
    defer { Diagnostics.install(nil) }
    _ = try ImageRecords(rows: 5, outputs: 0).dataset(file: folder.file("d"), like: nil)
    let lines = heard.lines.withLock { $0.filter { $0.contains(place) } }
    try #require(lines.count == 1)
    #expect(lines[0].hasPrefix("warning: \(place): of this class 2 files or folders are left out"))
    #expect(lines[0].contains("b.webp") && lines[0].contains(".png"))
  }

  @Test func theNewestListenerHearsAlone() {
    let (old, new) = (Heard(), Heard())
    old.listen()
    new.listen()
    Log.warn("diagnostics, third")
    Diagnostics.install(nil)
    Log.warn("diagnostics, fourth")
    #expect(!old.has("warning: diagnostics, third") && new.has("warning: diagnostics, third"))
    #expect(!new.has("warning: diagnostics, fourth"))
  }
}
