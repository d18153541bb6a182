// How a store decomposes what it lacks: matrices side by side, one thread each, the largest first;
// a thread that finds no more of them helps the others with theirs. LAPACK's own threads are slower
// and not ours to start.
//
// Processes that share a cache share the work: who decomposes a matrix holds its record of a lock
// file (RecordLock), and the others do something else meanwhile and take the result from the cache.
// Each matrix is kept as soon as it is done, so what was interrupted goes on from there.
import SVFTFormats
import SVFTLayers
package import SVFTTensor
import Synchronization

/// What became of one matrix: how it was decomposed, how well, how long that took.
package struct FactorRecord: Sendable {
  package let name: String
  package let rows: Int
  package let columns: Int
  /// Directions of it that were computed.
  package let order: Int
  package let method: String
  /// Errors of the factors as they are kept; the residual of truncated ones is what they leave out.
  package let accuracy: SVD.Accuracy
  /// Of decomposing; 0 where the cache had it.
  package let seconds: Double
  package let isCached: Bool
}

extension FactorStore {
  /// A matrix to be decomposed.
  struct Work {
    let slot: Slot
    let hash: String
    let wish: Wish
    /// Whether vectors stay in memory, and not in the cache alone.
    var keepsVectors = true

    var truncation: SVD.Truncation? { wish.truncation }
    /// Directions computed.
    var order: Int {
      min(truncation?.rank ?? .max, slot.weight.rows, slot.weight.columns)
    }

    /// Bytes of what is kept, rounded directions as if none had to stay exact.
    func keptBytes() throws(SVFTError) -> Int {
      let (rows, columns, what) = (slot.weight.rows, slot.weight.columns, "the size of factors")
      let kept = min(order, wish.rank)
      switch wish.storage {
      case .both:
        let numbers = try Checked.product(kept, Checked.sum(rows, columns, what), what)
        return try Checked.product(4, numbers, what)
      case .one(let name):
        let format = try ElementFormats.required(name)
        let width = min(rows, columns)
        return try Checked.product(
          kept, format.fitting(columns: width).rowBytes(width), what)
      }
    }

    /// What is kept of the factors, nil for nothing.
    func vectors(_ parts: Factors.Parts) throws(SVFTError) -> SingularVectors? {
      guard keepsVectors else { return nil }
      return try SingularVectors(
        Factors(parts, of: slot, hash: hash), of: slot, wish.storage, rank: wish.rank)
    }

    /// Relative time: products with the long side, and n³ of the short one for all directions.
    var cost: Double {
      let side = Double(min(slot.weight.rows, slot.weight.columns))
      let cells = Double(slot.weight.rows) * Double(slot.weight.columns)
      return truncation == nil ? 3 * cells * side + 9 * side * side * side : cells
    }
  }

  /// Vectors of a matrix where they are kept, and how they came about.
  struct Made {
    let vectors: SingularVectors?
    let record: FactorRecord
  }

  typealias Outcome = Result<Made, SVFTError>

  /// What is to be done still, and what has been done.
  private struct Queue {
    var fresh: [Int]
    /// At work in another process when they were looked at.
    var elsewhere: [Int] = []
    var results: [Outcome?]
    var doneCost = 0.0
    var computedCost = 0.0

    /// The next matrix, and whether it has been found busy before.
    mutating func next() -> (index: Int, isSecondLook: Bool)? {
      if !fresh.isEmpty { return (fresh.removeFirst(), false) }
      return elsewhere.isEmpty ? nil : (elsewhere.removeFirst(), true)
    }

    /// Notes what became of a matrix, nil where another process is at it; returns what is done by
    /// now, and the part of it that was computed here.
    mutating func take(
      _ result: Outcome?, _ index: Int, cost: Double
    ) -> (done: Double, computed: Double) {
      guard let result else {
        elsewhere.append(index)
        return (doneCost, computedCost)
      }
      results[index] = result
      doneCost += cost
      if case .success(let made) = result, !made.record.isCached { computedCost += cost }
      return (doneCost, computedCost)
    }
  }

  /// One result per tensor; nil for those not begun before a cancellation or a failure.
  func decompose(_ work: [Work]) -> [Outcome?] {
    let costs = work.map(\.cost)
    let total = costs.reduce(0, +)
    let order = work.indices.sorted { (costs[$1], $0) < (costs[$0], $1) }
    let queue = Mutex(Queue(fresh: order, results: Array(repeating: nil, count: work.count)))
    let stop = Atomic(false)
    let start = Clock.seconds()
    let ledger = MemoryLedger.current
    Parallel.run(threads: min(threads, work.count)) { team in
      while !stop.load(ordering: .relaxed), self.isCancelled?() != true,
        let (index, again) = queue.withLock({ $0.next() })
      {
        if again { Clock.pause(0.02) }
        let result = self.attempt(work[index], ledger)
        if case .failure = result { stop.store(true, ordering: .relaxed) }
        let (done, computed) = queue.withLock { $0.take(result, index, cost: costs[index]) }
        // Member 0 is the thread that asked: callbacks run there only.
        guard team.id == 0, let progress = self.progress else { continue }
        let pace = computed > 0 ? (Clock.seconds() - start) / computed : 0
        if !progress("factoring matrices", min(1, done / total), pace * max(0, total - done)) {
          stop.store(true, ordering: .relaxed)
        }
      }
    }
    let all = queue.withLock { $0.results }
    // The first failure is the one to tell, also where an earlier tensor was not begun.
    if let failed = all.first(where: { if case .failure = $0 { true } else { false } }) {
      return all.map { $0 ?? failed }
    }
    return all
  }

  /// One after the other, nothing computed. The ledger sees as many matrices at the same time as
  /// there would be, and at the end, where the factors of the others are there already.
  func rehearse(_ work: [Work]) -> [Outcome?] {
    guard let ledger = MemoryLedger.current else { return [] }
    let highest = ledger.peak
    var passing: [Int] = []
    let results: [Outcome?] = work.map { item in
      ledger.restartPeak()
      let result = attempt(item, ledger)
      passing.append(ledger.peak - ledger.used)
      return result
    }
    let together = passing.sorted(by: >).prefix(threads).reduce(0, +)
    ledger.raisePeak(to: max(highest, ledger.used + together))
    return results
  }

  /// Nil where another process is at it. A failure names the tensor.
  private func attempt(_ work: Work, _ ledger: MemoryLedger?) -> Outcome? {
    do throws(SVFTError) {
      guard let ledger else { return try make(work).map { .success($0) } }
      return try ledger.keep { () throws(SVFTError) in try make(work) }.map { .success($0) }
    } catch { return .failure(error.while(work.slot.name)) }
  }

  private func make(_ work: Work) throws(SVFTError) -> Made? {
    let isRehearsing = MemoryLedger.isRehearsing
    var lock: RecordLock?
    if !isRehearsing, cacheFolder != nil {
      if let stored = cached(work) { return stored }
      guard claim(work, &lock) else { return nil }
      // Somebody may have finished it since.
      if lock != nil, let stored = cached(work) { return stored }
    }
    defer { withExtendedLifetime(lock) {} }
    let (slot, weight) = (work.slot, work.slot.weight)
    let start = Clock.seconds()
    let values = try Buffer(
      of: Float.self, count: Checked.product(weight.rows, weight.columns, "a decoded matrix"))
    defer { withExtendedLifetime(values) {} }
    let matrix = values.pointer.assumingMemoryBound(to: Float.self)
    if !isRehearsing { slot.decodeCanonical(rows: 0..<weight.rows, into: matrix) }
    let svd: SVD
    if let truncation = work.truncation {
      svd = try SVD.truncated(
        matrix, rows: weight.rows, columns: weight.columns, truncation, threads: threads)
    } else {
      svd = try SVD.thin(
        matrix, rows: weight.rows, columns: weight.columns, solver: solver, threads: threads)
    }
    let parts = Factors.Parts(
      u: svd.u, sigma: svd.sigma, vt: svd.vt, method: svd.method, accuracy: svd.accuracy)
    let seconds = Clock.seconds() - start
    if !isRehearsing { keep(parts, of: work) }
    return Made(
      vectors: try work.vectors(parts),
      record: record(parts, of: work, seconds: seconds, isCached: false))
  }

  func record(
    _ parts: Factors.Parts, of work: Work, seconds: Double, isCached: Bool
  ) -> FactorRecord {
    FactorRecord(
      name: work.slot.name, rows: work.slot.weight.rows, columns: work.slot.weight.columns,
      order: parts.sigma.count, method: parts.method, accuracy: parts.accuracy, seconds: seconds,
      isCached: isCached)
  }
}
