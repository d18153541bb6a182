// Whole pages of the system's, for buffers that are large.
//
// Huge ones are asked for by madvise, where a mapping is large enough to hold some; a system that
// has none gives small ones, and nobody sees a difference but in speed.
#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

extension Buffer {
  /// Private memory by pages.
  enum Pages {
    /// Bytes of a page.
    static let size = max(1, sysconf(Int32(_SC_PAGESIZE)))
    /// Bytes of a huge one.
    static let huge = 1 << 21
    /// From so many bytes on a buffer is pages.
    static let least = 1 << 16

    /// `bytes`, rounded up to whole pages.
    static func whole(_ bytes: Int) -> Int { (bytes + size - 1) / size * size }

    /// Zero-filled pages that come when they are touched; nil where the system has no more.
    static func map(_ size: Int, _ flags: Int32 = 0) -> UnsafeMutableRawPointer? {
      let raw = mmap(
        nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0)
      return raw == MAP_FAILED ? nil : raw
    }

    /// The same from a multiple of a huge page's size on, in huge ones where the system allows
    /// them: a third more bandwidth.
    static func mapHuge(_ size: Int) -> UnsafeMutableRawPointer? {
      guard let start = map(size + huge) else { return nil }
      // What lies before and behind goes back.
      let head = (huge - Int(bitPattern: start) % huge) % huge
      if head > 0 { munmap(start, head) }
      munmap(start + head + size, huge - head)
      madvise(start + head, size, 14 /* MADV_HUGEPAGE */)
      return start + head
    }
  }
}
