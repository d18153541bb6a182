// A log of lines: appended whole, cut back to what is kept when a run goes on.
import SVFTFormats
import SVFTTensor
import Testing
import TestKit

@Suite struct LineLogTests {
  let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  @Test func linesAreAppended() throws {
    let path = folder.file("log")
    let log = try LineLog(path)
    try log.append("one")
    #expect(try contents(path) == "one\n")
    try log.append("zwei é")
    #expect(try contents(path) == "one\nzwei é\n")
    #expect(log.lines == 2)
  }

  @Test(arguments: [
    (0, ""), (1, "a\n"), (2, "a\nb\n"), (3, "a\nb\n\n"), (9, "a\nb\n\n"),
  ])
  func whatIsKeptIsWholeLines(_ keeping: Int, _ expected: String) throws {
    let path = try folder.write("log", "a\nb\n\nunfinished")
    let log = try LineLog(path, keeping: keeping)
    #expect(try contents(path) == expected)
    #expect(
      log.lines == expected.split(separator: "\n", omittingEmptySubsequences: false).count - 1)
    try log.append("next")
    #expect(try contents(path) == expected + "next\n")
  }

  @Test func aFolderThatIsNotThereIsAnError() {
    let error = #expect(throws: SVFTError.self) { try LineLog(folder.file("none/log")) }
    #expect(error?.kind == .io)
  }

  private func contents(_ path: String) throws -> String {
    try String(decoding: FileSystem.read(path).array, as: UTF8.self)
  }
}
