// Memory for buffers that are made one after the other, filled at once and kept as long as each
// other: a model's matrices. Side by side they share huge pages, of which each alone would fill
// none; the processor finds its way through a few of them, not through thousands of small ones.
//
// Pages come a little ahead of their buffers, all members of a team bringing in some: the system
// clears a page on the thread that touches it first, and two that touch one clear it twice. What is
// there before its buffer is, is charged too.
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

  /// Takes off the charge what a buffer of `size` bytes will be charged with itself.
  func giveWay(to size: Int) {
    if size >= Self.least { stretch?.giveWay(to: Buffer.Pages.whole(size)) }
  }

  /// Whole zero-filled pages for `size` bytes and who keeps them; nil where they are not worth a
  /// place here, or the system has none. In a rehearsal nil, and only the charge is as it would be.
  func take(_ size: Int) -> (pointer: UnsafeMutableRawPointer, owner: AnyObject)? {
    guard size >= Self.least else { return nil }
    let whole = Buffer.Pages.whole(size)
    if stretch.map({ $0.left < whole }) ?? true {
      stretch?.close()
      stretch = Stretch(max(whole, expected))
    }
    guard let stretch, let place = stretch.take(whole, threads) else { return nil }
    return (place, stretch)
  }
}

/// One mapping, undone when no buffer needs it; in a rehearsal only its account.
private final class Stretch: @unchecked Sendable {
  private let start: UnsafeMutableRawPointer?
  private var size: Int
  private var taken = 0
  /// Bytes whose pages are there.
  private var ready = 0
  private let ledger = MemoryLedger.current
  /// Bytes that are there and belong to no buffer yet.
  private var charged = 0

  init?(_ size: Int) {
    start = MemoryLedger.isRehearsing ? nil : Buffer.Pages.mapHuge(size)
    self.size = size
    guard start != nil || MemoryLedger.isRehearsing else { return nil }
  }

  var left: Int { size - taken }

  /// Nil in a rehearsal.
  func take(_ whole: Int, _ threads: Int) -> UnsafeMutableRawPointer? {
    defer {
      taken += whole
      settle(min(charged, ready - taken))
    }
    if ready < taken + whole { bringIn(to: taken + whole, threads) }
    return start.map { $0 + taken }
  }

  /// Touches pages up to `end`, and as many beyond as give every member whole huge ones, where
  /// there is room for them.
  private func bringIn(to end: Int, _ threads: Int) {
    let step = Buffer.Pages.huge * max(1, min(threads, 8))
    let wanted = min(size, (end + step - 1) / step * step)
    let last = admits(wanted - end) ? wanted : end
    defer { ready = last }
    guard let start else { return }
    let first = ready
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
  }

  /// Charges `ahead` bytes; false where the limit has no room for them.
  private func admits(_ ahead: Int) -> Bool {
    do throws(SVFTError) {
      try ledger?.debit(max(0, ahead - charged))
      charged = max(charged, ahead)
      return true
    } catch { return false }
  }

  func giveWay(to whole: Int) { settle(charged - whole) }

  /// Gives back the charge beyond `ahead` bytes.
  private func settle(_ ahead: Int) {
    ledger?.credit(charged - max(0, ahead))
    charged = max(0, ahead)
  }

  /// Gives back what no buffer has taken, and takes no more.
  func close() {
    if let start, left > 0 { munmap(start + taken, left) }
    size = taken
    settle(0)
  }

  deinit { if let start, size > 0 { munmap(start, size) } }
}
