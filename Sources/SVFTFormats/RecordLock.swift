// One of many rights that processes and threads share through one file: a lock on one byte of it,
// which need not exist. It belongs to the open file and not to the process (fcntl's F_OFD_SETLK),
// so that threads exclude each other too; the system lets go of it when the process ends.
package import SVFTTensor

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The right to one record, held as long as this object lives.
package final class RecordLock: Sendable {
  private let file: OpenFile
  /// The record's byte.
  private let start: off_t

  /// F_OFD_SETLK of Linux, which Swift does not import.
  private static let set: Int32 = 37

  /// Takes the lock of a record of the file at `path`, which is made if needed; nil where somebody
  /// else has it.
  ///
  /// Throws `.io` where the file cannot be made or the system has no such locks.
  package init?(_ path: String, record: UInt64) throws(SVFTError) {
    file = try OpenFile(path, flags: O_RDWR | O_CREAT | O_NOFOLLOW)
    start = off_t(record >> 2)
    var region = Self.region(F_WRLCK, start)
    while fcntl(file.descriptor, Self.set, &region) != 0 {
      let code = errno
      if code == EINTR { continue }
      if code == EAGAIN || code == EACCES { return nil }
      throw SystemFailure.error(code, "cannot lock a record of \(path)")
    }
  }

  // As a folder's lock: a forked child has the open file too.
  deinit {
    var region = Self.region(F_UNLCK, start)
    _ = fcntl(file.descriptor, Self.set, &region)
  }

  /// The byte of a record, to be locked or let go.
  private static func region(_ type: Int32, _ start: off_t) -> flock {
    var region = flock()
    region.l_type = Int16(type)
    region.l_whence = Int16(SEEK_SET)
    region.l_start = start
    region.l_len = 1
    return region
  }
}
