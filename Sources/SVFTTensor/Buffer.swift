// Bytes with an owner: aligned memory of our own, or a window of something else that must stay
// alive (a mapped file). Big memory always comes from here, because a failed Array allocation kills
// the host while a failed allocation here is an error.
#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A run of bytes, 64-byte aligned when owned, that lives as long as this object.
///
/// The pointer is stable. Concurrent writes to disjoint parts are the writers' affair; that is why
/// the class is `@unchecked Sendable`.
package final class Buffer: @unchecked Sendable {
  package let pointer: UnsafeMutableRawPointer
  package let byteCount: Int
  /// What keeps borrowed bytes alive; nil when the memory is our own.
  private let owner: AnyObject?
  /// Whether the bytes are a file's, so that pages can go and come again.
  private let isFile: Bool

  /// Zero-filled memory of our own. Throws `.memory` when the system has none.
  package init(byteCount: Int) throws(SVFTError) {
    guard byteCount >= 0, byteCount <= 1 << 46 else {
      throw SVFTError(.limit, "a buffer of \(byteCount) bytes is beyond what libsvft allocates")
    }
    // Whole 64-byte lines, so that kernels may read a full vector at the tail.
    let size = max(64, (byteCount + 63) & ~63)
    var raw: UnsafeMutableRawPointer?
    guard posix_memalign(&raw, size >= 1 << 21 ? 1 << 21 : 64, size) == 0, let raw else {
      throw SVFTError(.memory, "no memory for \(byteCount) bytes")
    }
    // Large blocks in huge pages: a third more bandwidth where the system allows it.
    if size >= 1 << 21 { madvise(raw, size, 14 /* MADV_HUGEPAGE */) }
    memset(raw, 0, size)
    self.pointer = raw
    self.byteCount = byteCount
    self.owner = nil
    isFile = false
  }

  /// Zero-filled memory for `count` values of type `Element`.
  package convenience init<Element>(of type: Element.Type, count: Int) throws(SVFTError) {
    try self.init(
      byteCount: Checked.product(count, MemoryLayout<Element>.stride, "the size of a buffer"))
  }

  /// A window of memory that `owner` keeps alive and unchanged; `isFile` where it is a mapped file.
  package init(
    borrowing pointer: UnsafeMutableRawPointer, byteCount: Int, from owner: AnyObject,
    isFile: Bool = false
  ) {
    self.pointer = pointer
    self.byteCount = byteCount
    self.owner = owner
    self.isFile = isFile
  }

  /// A window of this buffer. Throws `.internal` if it does not lie inside.
  package func slice(offset: Int, byteCount: Int) throws(SVFTError) -> Buffer {
    try invariant(
      offset >= 0 && byteCount >= 0 && offset <= self.byteCount
        && byteCount <= self.byteCount - offset,
      "slice \(offset)+\(byteCount) of a buffer of \(self.byteCount) bytes")
    return Buffer(borrowing: pointer + offset, byteCount: byteCount, from: self, isFile: isFile)
  }

  /// Gives back the whole pages of a mapped file, which come again when they are read; memory of
  /// our own stays.
  package func releasePages() {
    guard isFile else { return }
    let page = UInt(max(1, sysconf(Int32(_SC_PAGESIZE))))
    let start = (UInt(bitPattern: pointer) + page - 1) / page * page
    let end = (UInt(bitPattern: pointer) + UInt(byteCount)) / page * page
    guard start < end else { return }
    madvise(UnsafeMutableRawPointer(bitPattern: start), Int(end - start), MADV_DONTNEED)
  }

  /// The bytes as numbers of one type; a partial last element is left out.
  package func values<Element>(_ type: Element.Type = Element.self)
    -> UnsafeMutableBufferPointer<Element>
  {
    UnsafeMutableBufferPointer(
      start: pointer.assumingMemoryBound(to: Element.self),
      count: byteCount / MemoryLayout<Element>.stride)
  }

  /// The bytes, read only.
  package var bytes: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: pointer, count: byteCount)
  }

  deinit { if owner == nil { free(pointer) } }
}
