// Memory for buffers that are made one after the other, filled at once and kept as long as each
// other: a model's matrices. Side by side they share huge pages, of which each alone would fill
// none; the processor finds its way through a few of them, not through thousands of small ones.
//
// Pages come a little ahead of their buffers, all members of a team bringing in some: the system
// clears a page on the thread that touches it first, and two that touch one clear it twice.
#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A run of memory that buffers are cut from. One thread at a time.
package final class BufferRun {
  /// From so many bytes on a buffer has a place here: what rounding up to pages adds is little.
  private static let least = 1 << 15

  private let expected: Int
  private let threads: Int
  private var stretch: Stretch?

  /// Room for buffers of about these sizes, taken when the first of them is made; pages are
  /// brought in by `threads`.
  package init(expecting sizes: [Int], threads: Int) {
    let large = sizes.filter { Self.least...1 << 40 ~= $0 }
    expected = large.reduce(0) { min(1 << 42, $0 + Buffer.Pages.whole($1)) }
    self.threads = threads
  }

  deinit { stretch?.close() }

  /// Whole zero-filled pages for `size` bytes and who keeps them; nil where they are not worth a
  /// place here, or the system has none.
  func take(_ size: Int) -> (pointer: UnsafeMutableRawPointer, owner: AnyObject)? {
    guard size >= Self.least else { return nil }
    let whole = Buffer.Pages.whole(size)
    if stretch.map({ $0.left < whole }) ?? true {
      stretch?.close()
      stretch = Stretch(max(whole, expected))
    }
    guard let stretch else { return nil }
    return (stretch.take(whole, threads), stretch)
  }
}

/// One mapping, undone when no buffer needs it.
private final class Stretch: @unchecked Sendable {
  private let start: UnsafeMutableRawPointer
  private var size: Int
  private var taken = 0
  /// Bytes whose pages are there.
  private var ready = 0

  init?(_ size: Int) {
    guard let start = Buffer.Pages.mapHuge(size) else { return nil }
    self.start = start
    self.size = size
  }

  var left: Int { size - taken }

  func take(_ whole: Int, _ threads: Int) -> UnsafeMutableRawPointer {
    defer { taken += whole }
    if ready < taken + whole { bringIn(to: taken + whole, threads) }
    return start + taken
  }

  /// Touches pages up to `end`, and as many beyond as give every member whole huge ones.
  private func bringIn(to end: Int, _ threads: Int) {
    let step = Buffer.Pages.huge * max(1, min(threads, 8))
    let (first, last) = (ready, min(size, (end + step - 1) / step * step))
    let pieces = (last - first + Buffer.Pages.huge - 1) / Buffer.Pages.huge
    Parallel.run(threads: threads) { team in
      for piece in team.share(of: pieces) {
        let from = first + piece * Buffer.Pages.huge
        let until = min(last, from + Buffer.Pages.huge)
        for place in stride(from: from, to: until, by: Buffer.Pages.size) {
          (start + place).storeBytes(of: 0, as: UInt8.self)
        }
      }
    }
    ready = last
  }

  /// Gives back what no buffer has taken, and takes no more.
  func close() {
    if left > 0 { munmap(start + taken, left) }
    size = taken
  }

  deinit { if size > 0 { munmap(start, size) } }
}
