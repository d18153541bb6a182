// A regular file in memory: mapped read-only (weights are used as they lie), or copied where the
// file may change while we use it (shrinking a mapped file kills the process that reads it; we
// install no signal handler against that). FIFOs, devices and folders are refused before anything
// is read.
package import SVFTTensor

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The contents of one file, alive as long as this object or any buffer made from it.
package final class MappedFile: Sendable {
  /// How the bytes come into memory.
  package enum Access: Sendable {
    /// By mapping: no copy, pages come as they are touched.
    case mapped
    /// By reading all of it: for small files, and for files that somebody may change meanwhile.
    case copied
  }

  package let path: String
  /// All bytes of the file.
  package let buffer: Buffer
  /// What tells these contents from any other's; nil where nothing does for sure.
  package let identity: String?

  /// The size in bytes.
  package var byteCount: Int { buffer.byteCount }

  /// Opens a regular file of at most `limit` bytes.
  ///
  /// Throws `.io` where it cannot be read.
  package init(_ path: String, access: Access = .mapped, limit: Int = 1 << 46) throws(SVFTError) {
    // Non-blocking, so that opening a FIFO returns at once and is refused below.
    let file = try OpenFile(path, flags: O_RDONLY | O_NONBLOCK | O_NOCTTY)
    let status = try file.status()
    guard status.st_mode & S_IFMT == S_IFREG else {
      let kind = status.st_mode & S_IFMT == S_IFDIR ? "a folder" : "a device, socket or pipe"
      throw SVFTError(.io, "\(path): expected a regular file, found \(kind)")
    }
    let size = Int(status.st_size)
    guard size >= 0, size <= limit else {
      throw SVFTError(.limit, "\(path): expected at most \(limit) bytes, found \(size)")
    }
    self.path = path
    identity = Self.identity(status)
    if size > 0, access == .copied, MemoryLedger.isRehearsing {
      // Read as far as somebody looks, and counted as the copy that it stands for.
      let copy = try Buffer(byteCount: size)
      let mapping = try Mapping(file, byteCount: size)
      buffer = Buffer(
        borrowing: mapping.pointer, byteCount: size, from: RehearsedCopy(mapping, copy))
    } else if size == 0 || access == .copied {
      buffer = try Buffer(byteCount: size)
      try file.read(
        into: UnsafeMutableRawBufferPointer(start: buffer.pointer, count: size), at: 0)
    } else {
      let mapping = try Mapping(file, byteCount: size)
      buffer = Buffer(
        borrowing: mapping.pointer, byteCount: size, from: mapping, isFile: true)
    }
  }

  /// Contents that are in memory already, under a name for messages.
  package init(named name: String, contents: Buffer) {
    path = name
    buffer = contents
    identity = nil
  }

  /// The bytes, read only; valid while this object lives.
  package var bytes: UnsafeRawBufferPointer { buffer.bytes }

  /// A window of the file that keeps it alive.
  ///
  /// Throws `.truncated` where it does not lie inside.
  package func window(offset: Int, byteCount: Int) throws(SVFTError) -> Buffer {
    guard offset >= 0, byteCount >= 0, offset <= self.byteCount,
      byteCount <= self.byteCount - offset
    else {
      throw SVFTError(
        .truncated,
        "\(path): expected \(byteCount) bytes from byte \(offset), the file has \(self.byteCount)")
    }
    return try buffer.slice(offset: offset, byteCount: byteCount)
  }
}

/// A mapped file that is counted as a copy.
private final class RehearsedCopy: Sendable {
  private let mapping: Mapping
  private let copy: Buffer

  init(_ mapping: Mapping, _ copy: Buffer) {
    self.mapping = mapping
    self.copy = copy
  }
}

/// One mapping of a file, undone when nobody holds it.
private final class Mapping: @unchecked Sendable {
  let pointer: UnsafeMutableRawPointer
  private let byteCount: Int

  init(_ file: OpenFile, byteCount: Int) throws(SVFTError) {
    let mapped = mmap(nil, byteCount, PROT_READ, MAP_PRIVATE, file.descriptor, 0)
    guard let mapped, mapped != MAP_FAILED else {
      throw SystemFailure.last("cannot map \(file.path)")
    }
    pointer = mapped
    self.byteCount = byteCount
  }

  deinit { munmap(pointer, byteCount) }
}
