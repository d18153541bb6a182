// What a failed system call means to a person: the error number becomes a kind and a sentence that
// says what to do next. The texts are our own, because strerror depends on the host's locale.
import SVFTTensor

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Errors of system calls.
enum SystemFailure {
  /// The error for `code` (an `errno`), with what was being done: "cannot open /a/b".
  static func error(_ code: Int32, _ activity: String) -> SVFTError {
    SVFTError(kind(code), "\(activity): \(meaning(code))")
  }

  /// The error of the call that has just failed on this thread.
  static func last(_ activity: String) -> SVFTError { error(errno, activity) }

  private static func kind(_ code: Int32) -> SVFTError.Kind {
    switch code {
    case ENOSPC, EDQUOT, EFBIG: .noSpace
    case ENOMEM: .memory
    case EWOULDBLOCK: .busy
    default: .io
    }
  }

  private static func meaning(_ code: Int32) -> String {
    switch code {
    case ENOENT: "there is no such file or folder; check the path"
    case EACCES, EPERM: "permission denied; check the owner and the mode"
    case EISDIR: "it is a folder, a file is needed"
    case ENOTDIR: "a part of the path is not a folder"
    case EEXIST: "it exists already"
    case ENOTEMPTY: "the folder is not empty"
    case ELOOP: "the path runs through too many symbolic links"
    case ENAMETOOLONG: "the path is too long"
    case EMFILE, ENFILE: "too many files are open; close some or raise ulimit -n"
    case ENOSPC: "no space is left on the device; free some and try again"
    case EDQUOT: "the disk quota is used up; free some space and try again"
    case EFBIG: "the file would be larger than this process or file system allows"
    case EROFS: "the file system is read-only"
    case EIO: "the device reports an input/output error"
    case ENOMEM: "the system has no memory for it"
    case EWOULDBLOCK: "it is in use"
    case EXDEV: "it lies on another file system"
    case ENODEV, ENXIO: "it is not a regular file"
    default: "system error \(code)"
    }
  }
}
