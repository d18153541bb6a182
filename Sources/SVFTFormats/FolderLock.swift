// One writer per output folder: an advisory lock (flock) on a small file in it. The system lets go
// of the lock when the process ends, however it ends, so that no stale lock remains.
package import SVFTTensor

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The right to write to a folder, held as long as this object lives.
package final class FolderLock: Sendable {
  /// The lock file's name in the folder.
  package static let name = ".svft-lock"

  private let file: OpenFile

  /// Takes the lock of a folder, which is made if needed.
  ///
  /// `.busy` where another writer has it.
  package init(_ folder: String) throws(SVFTError) {
    try FileSystem.makeFolder(folder)
    let path = FileSystem.join(folder, Self.name)
    file = try OpenFile(path, flags: O_RDWR | O_CREAT | O_NOFOLLOW)
    while flock(file.descriptor, LOCK_EX | LOCK_NB) != 0 {
      let code = errno
      if code == EINTR { continue }
      let activity = "cannot lock the folder \(folder) for writing"
      // The system does not say whether it is somebody else or we ourselves.
      guard code == EWOULDBLOCK else { throw SystemFailure.error(code, activity) }
      throw SVFTError(
        .busy, "\(activity): another trainer writes to it, of this process or of another one")
    }
  }

  // A child that the host has forked has the open file too, and with it the lock, until it runs
  // another program: closing would not be enough.
  deinit { _ = flock(file.descriptor, LOCK_UN) }
}
