// What a killed writer leaves behind goes with the next save beside it; what anybody may still be
// writing, or nobody can tell, stays.
import Foundation
import Glibc
import SVFTFormats
import SVFTTensor
import TestKit
import Testing

@Suite struct TemporaryNameTests {
  let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  /// A process that does nothing until it is killed.
  private func sleeper() throws -> Process {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sleep")
    process.arguments = ["600"]
    try process.run()
    return process
  }

  private func kill(_ process: Process) {
    Glibc.kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }

  /// The name's fields: machine, process, start, chance.
  private func fields(_ name: TemporaryName) -> [String] {
    name.text.dropFirst(TemporaryName.prefix.count).split(separator: "-").map(String.init)
  }

  private func name(_ fields: [String]) -> String {
    TemporaryName.prefix + fields.joined(separator: "-")
  }

  @Test func twoNamesDiffer() throws {
    let (one, other) = (TemporaryName(), TemporaryName())
    #expect(one != other)
    #expect(fields(one).count == 4 && fields(one).dropLast() == fields(other).dropLast())
    #expect(fields(one)[1] == "\(getpid())")
  }

  @Test func whatAKilledWriterLeftGoesAndNotBefore() throws {
    let writer = try sleeper()
    let (file, whole) = (
      TemporaryName(process: writer.processIdentifier).text,
      TemporaryName(process: writer.processIdentifier).text
    )
    try folder.write(file, "half")
    try FileSystem.makeFolder(folder.file(whole + "/deep"))
    try folder.write(whole + "/deep/x", "half")
    TemporaryName.removeLeftovers(in: folder.path)
    #expect(try FileSystem.list(folder.path) == [file, whole].sorted())
    kill(writer)
    TemporaryName.removeLeftovers(in: folder.path)
    #expect(try FileSystem.list(folder.path).isEmpty)
  }

  @Test func aNumberUsedAgainIsAnotherProcess() throws {
    var mine = fields(TemporaryName())
    mine[2] = "\(try #require(UInt64(mine[2])) - 1)"
    try folder.write(name(mine), "half")
    try folder.write(TemporaryName().text, "mine")
    TemporaryName.removeLeftovers(in: folder.path)
    #expect(try FileSystem.list(folder.path).count == 1)
  }

  @Test func whatNobodyCanTellStays() throws {
    let writer = try sleeper()
    let gone = fields(TemporaryName(process: writer.processIdentifier))
    kill(writer)
    var elsewhere = gone
    elsewhere[0] = String(gone[0].reversed()) + "0"
    let names = [
      name(elsewhere), name(Array(gone.dropLast())), name(gone + ["x"]), name(gone) + "-",
      name([gone[0], "-1", gone[2], gone[3]]), name([gone[0], "0", gone[2], gone[3]]),
      name([gone[0], gone[1], "soon", gone[3]]), "\(TemporaryName.prefix)\(gone[1])-abc",
      String(name(gone).dropFirst()), TemporaryName.prefix,
    ]
    for name in names { try folder.write(name, "x") }
    TemporaryName.removeLeftovers(in: folder.path)
    #expect(try FileSystem.list(folder.path) == names.sorted())
    TemporaryName.removeLeftovers(in: folder.file("nowhere"))
  }

  @Test func aLinkIsRemovedAndNotFollowed() throws {
    let writer = try sleeper()
    let name = TemporaryName(process: writer.processIdentifier).text
    kill(writer)
    try FileSystem.makeFolder(folder.file("precious"))
    try folder.write("precious/x", "x")
    #expect(symlink(folder.file("precious"), folder.file(name)) == 0)
    TemporaryName.removeLeftovers(in: folder.path)
    #expect(try FileSystem.list(folder.path) == ["precious"])
    #expect(try FileSystem.isFile(folder.file("precious/x")))
  }

  @Test(arguments: ["file", "folder"]) func theNextSaveTidiesUp(_ kind: String) throws {
    let writer = try sleeper()
    let (gone, mine) = (
      TemporaryName(process: writer.processIdentifier).text, TemporaryName().text
    )
    kill(writer)
    for name in [gone, mine] { try folder.write(name, "half") }
    if kind == "file" {
      try AtomicFile.write(folder.file("out"), text: "whole")
    } else {
      try AtomicFolder.write(folder.file("out")) { (place) throws(SVFTError) in
        try AtomicFile.write(FileSystem.join(place, "x"), text: "whole")
      }
    }
    #expect(try FileSystem.list(folder.path) == [mine, "out"])
  }
}
