// Real failures of system calls, and what their sentences tell a person to do.
import Glibc
import SVFTFormats
import SVFTTensor
import Testing
import TestKit

@Suite struct SystemFailureTests {
  @Test func eachFailureSaysWhatWasDoneAndWhy() throws {
    let folder = try TemporaryFolder()
    let file = try folder.write("file", "x")
    let loop = folder.file("loop")
    #expect(symlink(loop, loop) == 0)
    let long = folder.file(String(repeating: "n", count: 300))
    let failures: [(String, SVFTError.Kind, String, () throws -> Void)] = [
      ("missing", .io, "there is no such file or folder", { try open(folder.file("none")) }),
      ("below a file", .io, "a part of the path is not a folder", { try open(file + "/x") }),
      ("loop", .io, "too many symbolic links", { try open(loop) }),
      ("long", .io, "the path is too long", { try open(long) }),
      (
        "not empty", .io, "not empty",
        {
          try FileSystem.makeFolder(folder.file("full/x"))
          try FileSystem.makeFolder(folder.file("empty"))
          try FileSystem.rename(folder.file("empty"), to: folder.file("full"))
        }
      ),
      (
        "locked", .busy, "of this process or of another",
        {
          let lock = try FolderLock(folder.path)
          defer { withExtendedLifetime(lock) {} }
          _ = try FolderLock(folder.path)
        }
      ),
    ]
    for (name, kind, words, body) in failures {
      let error = #expect(throws: SVFTError.self) { try body() }
      #expect(error?.kind == kind, "\(name)")
      #expect(error?.message.contains(words) == true, "\(name): \(error?.message ?? "")")
      #expect(error?.message.hasPrefix("cannot ") == true, "\(name): \(error?.message ?? "")")
    }
  }

  private func open(_ path: String) throws { _ = try MappedFile(path) }
}
