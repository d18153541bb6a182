// What work takes of memory: every buffer of our own is debited to the ledger that is kept on its
// thread, before it is allocated, and credited when it goes.
//
//   used ≤ limit (where there is one)      peak = the most that was ever used
//
// In a rehearsal buffers have addresses but no memory: the code that loads, attaches and plans runs
// unchanged, leaves out what only fills buffers with numbers (`isRehearsing`), and `peak` is what
// it would have taken. Swift's small objects are not counted here: see Estimate.
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The account of one model's memory, or of a rehearsal.
package final class MemoryLedger: Sendable {
  /// Bytes that may be used; 0 is no limit.
  package let limit: Int
  /// Whether buffers are counted only.
  package let isRehearsal: Bool
  private let total: Atomic<Int>
  private let highest: Atomic<Int>
  /// Buffers of a rehearsal, by address.
  private let reserved = Mutex<[UInt: Int]>([:])

  /// An account with a limit.
  ///
  /// Throws `.invalidArgument` for one below 0.
  package convenience init(limit: Int) throws(SVFTError) {
    guard limit >= 0 else {
      throw SVFTError(.invalidArgument, "memory_limit: expected 0 or more bytes, found \(limit)")
    }
    self.init(limit: limit, isRehearsal: false, used: 0)
  }

  /// A rehearsal that begins with `used` bytes taken.
  package static func rehearsal(used: Int = 0) -> MemoryLedger {
    MemoryLedger(limit: 0, isRehearsal: true, used: used)
  }

  private init(limit: Int, isRehearsal: Bool, used: Int) {
    self.limit = limit
    self.isRehearsal = isRehearsal
    total = Atomic(used)
    highest = Atomic(used)
  }

  /// Bytes in use.
  package var used: Int { total.load(ordering: .relaxed) }
  /// The most bytes in use since the beginning, or since `restartPeak`.
  package var peak: Int { highest.load(ordering: .relaxed) }

  /// Takes bytes that somebody else allocates.
  ///
  /// Throws `.memory`, and takes nothing, where they go beyond the limit.
  package func debit(_ bytes: Int) throws(SVFTError) {
    let now = total.wrappingAdd(bytes, ordering: .relaxed).newValue
    guard limit == 0 || now <= limit else {
      total.wrappingSubtract(bytes, ordering: .relaxed)
      throw SVFTError(
        .memory,
        "expected to stay within memory_limit = \(limit) bytes, found \(now - bytes) in use and "
          + "\(bytes) more needed: use shorter steps, a smaller batch or a quantised model")
    }
    raisePeak(to: now)
  }

  /// Gives bytes back.
  package func credit(_ bytes: Int) { total.wrappingSubtract(bytes, ordering: .relaxed) }

  /// Throws `.memory` where `bytes` more would go beyond the limit; takes nothing.
  package func require(_ bytes: Int) throws(SVFTError) {
    guard limit > 0 else { return }
    try debit(bytes)
    credit(bytes)
  }

  /// Lets the peak count from what is used now.
  package func restartPeak() { highest.store(used, ordering: .relaxed) }
  /// Counts a height that was reached otherwise.
  package func raisePeak(to bytes: Int) { _ = highest.max(bytes, ordering: .relaxed) }
}

extension MemoryLedger {
  private static let key: pthread_key_t = {
    var key = pthread_key_t()
    pthread_key_create(&key, nil)
    return key
  }()

  /// The ledger of what this thread is doing; nil where nobody counts.
  package static var current: MemoryLedger? {
    pthread_getspecific(key).map { Unmanaged.fromOpaque($0).takeUnretainedValue() }
  }

  /// Whether what this thread is doing is counted only: then nothing large is read or computed.
  package static var isRehearsing: Bool { current?.isRehearsal ?? false }

  /// Runs `body` with this as the ledger of this thread.
  ///
  /// Threads that `body` starts have none until they keep one themselves.
  package func keep<Result>(
    _ body: () throws(SVFTError) -> Result
  ) throws(SVFTError) -> Result {
    let outer = pthread_getspecific(Self.key)
    pthread_setspecific(Self.key, Unmanaged.passUnretained(self).toOpaque())
    defer {
      pthread_setspecific(Self.key, outer)
      withExtendedLifetime(self) {}
    }
    return try body()
  }

  /// Rehearses what is about to be done, on top of what is used now.
  ///
  /// Throws `.memory` with what it needs and with `advice` where that goes beyond the limit;
  /// nothing has been taken then.
  package func foresee(
    _ activity: String, advice: () -> String, _ body: () throws(SVFTError) -> Void
  ) throws(SVFTError) {
    guard limit > 0, !isRehearsal else { return }
    let need = try rehearsedPeak(body)
    guard need > limit else { return }
    throw SVFTError(
      .memory,
      "expected \(activity) to stay within memory_limit = \(limit) bytes, found that it needs "
        + "\(need), \(used) of them in use already: \(advice())")
  }

  /// The most that `body` would bring this ledger to.
  package func rehearsedPeak(_ body: () throws(SVFTError) -> Void) throws(SVFTError) -> Int {
    let rehearsal = MemoryLedger.rehearsal(used: used)
    try rehearsal.keep(body)
    return rehearsal.peak
  }
}

extension MemoryLedger {
  func noteReserved(_ pointer: UnsafeMutableRawPointer, _ bytes: Int) {
    reserved.withLock { $0[UInt(bitPattern: pointer)] = bytes }
  }

  func forgetReserved(_ pointer: UnsafeMutableRawPointer) {
    reserved.withLock { $0[UInt(bitPattern: pointer)] = nil }
  }

  /// Gives back what memory small writes of a rehearsal have brought into its buffers.
  package func dropReservedPages() {
    reserved.withLock { all in
      for (address, bytes) in all {
        madvise(UnsafeMutableRawPointer(bitPattern: address), bytes, MADV_DONTNEED)
      }
    }
  }
}
