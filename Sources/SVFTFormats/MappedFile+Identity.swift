// Which contents a file has, without reading them: device, inode, size and the times of its last
// changes. What was learnt about a large file (the hashes of its tensors) holds as long as these
// stay.
//
// Times have a grain: a file that changed a moment ago may change again without a new one. Such a
// file has no identity yet.
import SVFTTensor

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

extension MappedFile {
  /// Seconds that a file must have been left alone.
  private static let settled = 2

  /// The identity of a file that was opened; nil where it cannot be told yet.
  static func identity(_ status: stat) -> String? {
    var now = timespec()
    guard clock_gettime(CLOCK_REALTIME, &now) == 0 else { return nil }
    let (modified, changed) = (status.st_mtim, status.st_ctim)
    guard max(modified.tv_sec, changed.tv_sec) < now.tv_sec - settled else { return nil }
    return "\(status.st_dev)-\(status.st_ino)-\(status.st_size)"
      + "-\(modified.tv_sec).\(modified.tv_nsec)-\(changed.tv_sec).\(changed.tv_nsec)"
  }
}
