// The factors of one model, computed once and shared by all its adapters: in memory by hash, and on
// disk where the caller gives a cache folder (FactorStore+Cache.swift). Matrices are decomposed
// side by side, one thread each, because LAPACK's own threads are slower and not ours to start.
package import SVFTLayers
package import SVFTTensor
import Synchronization

/// Singular value decompositions of a model's matrices.
package final class FactorStore: @unchecked Sendable {
  /// Receives progress: activity, share done (0 to 1), seconds left.
  ///
  /// Returns false to cancel.
  package typealias Progress = (_ activity: String, _ done: Double, _ secondsLeft: Double) -> Bool

  /// A place for files of factors; nil for none.
  package let cacheFolder: String?
  /// Matrices decomposed at the same time.
  package let threads: Int
  /// Which solver to use; nil for the best there is.
  package let solver: SVD.Solver?
  /// Called after each matrix on the thread that asked; false cancels.
  package var progress: Progress?
  /// Asked before factors of that many bytes are made; throws where there is no room for them.
  package var admit: ((_ bytes: Int) throws(SVFTError) -> Void)?

  private var factors: [Key: Factors] = [:]
  private var hashes: [ObjectIdentifier: (slot: Slot, hash: String)] = [:]
  private let book: HashBook?
  /// Bytes that decomposing has made the solver's library keep, and who is charged with them.
  package private(set) var solverBytes = 0
  private var payer: MemoryLedger?

  private struct Key: Hashable {
    let hash: String
    let rowOrder: RowOrder
  }

  package init(cacheFolder: String? = nil, threads: Int = 1, solver: SVD.Solver? = nil) {
    self.cacheFolder = cacheFolder
    self.threads = max(1, threads)
    self.solver = solver
    book = cacheFolder.map { HashBook(folder: $0) }
  }

  /// A store with what this one has, for a rehearsal whose findings stay out of this one.
  package func copy() -> FactorStore {
    let copy = FactorStore(threads: threads, solver: solver)
    (copy.factors, copy.hashes, copy.solverBytes) = (factors, hashes, solverBytes)
    return copy
  }

  /// The hash of a tensor; computed once, or taken from what an earlier process wrote down.
  package func hash(_ slot: Slot) -> String {
    if let known = hashes[ObjectIdentifier(slot)] { return known.hash }
    // A hash reads the whole tensor: in a rehearsal its name stands for it.
    if MemoryLedger.isRehearsing { return slot.name }
    let hash = book?.hash(of: slot) ?? slot.canonicalHash()
    book?.note(hash, of: slot)
    hashes[ObjectIdentifier(slot)] = (slot, hash)
    return hash
  }

  /// The factors of tensors; those that have none yet are decomposed side by side.
  ///
  /// Throws what a decomposition throws, with the tensor's name, and `.cancelled`.
  package func factors(_ slots: [Slot]) throws(SVFTError) -> [Factors] {
    try prepare(slots)
    var found: [Factors] = []
    for slot in slots {
      guard let one = factors[Key(hash: hash(slot), rowOrder: slot.rowOrder)] else {
        throw SVFTError(.internal, "libsvft is at fault: \(slot.name) was not decomposed")
      }
      found.append(one)
    }
    return found
  }

  private func prepare(_ slots: [Slot]) throws(SVFTError) {
    var missing: [(slot: Slot, hash: String)] = []
    var wanted: Set<Key> = []
    for slot in slots {
      let key = Key(hash: hash(slot), rowOrder: slot.rowOrder)
      if factors[key] == nil, wanted.insert(key).inserted { missing.append((slot, key.hash)) }
    }
    book?.write()
    guard !missing.isEmpty else { return }
    try admit?(Self.byteCount(missing.map(\.slot.weight)))
    try debitSolver(missing.map(\.slot.weight))
    let results = MemoryLedger.isRehearsing ? rehearse(missing) : decompose(missing)
    for (result, (slot, hash)) in zip(results, missing) {
      switch result {
      case .success(let made): factors[Key(hash: hash, rowOrder: slot.rowOrder)] = made
      case .failure(let error): throw error.while(slot.name)
      case nil: throw SVFTError(.cancelled, "the decomposition of \(slot.name) was cancelled")
      }
    }
  }

  /// Bytes of U and V of matrices, in F32.
  private static func byteCount(_ weights: [Weight]) throws(SVFTError) -> Int {
    var bytes = 0
    for weight in weights {
      let numbers = try Checked.product(
        min(weight.rows, weight.columns),
        Checked.sum(weight.rows, weight.columns, "the size of factors"), "the size of factors")
      bytes = try Checked.sum(
        bytes, Checked.product(4, numbers, "the size of factors"), "the size of factors")
    }
    return bytes
  }

  /// Counts what the solver's library keeps: OpenBLAS packs panels of up to 384 lines of the longer
  /// side in each thread that calls it (10.4 MB seen for two and a side of 1536, 32 MiB each at the
  /// most) and never gives them back.
  private func debitSolver(_ weights: [Weight]) throws(SVFTError) {
    guard (solver ?? .best) != .jacobi, let ledger = MemoryLedger.current else { return }
    let side = weights.map { max($0.rows, $0.columns) }.max() ?? 0
    let panel = min(
      32 << 20, try Checked.product([384, side, 8], "a panel of a solver") + (1 << 20))
    let more = min(threads, weights.count) * panel - solverBytes
    guard more > 0 else { return }
    try ledger.debit(more)
    solverBytes += more
    payer = ledger
  }

  deinit { payer?.credit(solverBytes) }

  /// Bytes of U and V of all factors.
  package var byteCount: Int {
    factors.values.reduce(0) { $0 + $1.left.bytes.byteCount + $1.right.bytes.byteCount }
  }

  /// One result per tensor; nil for those not begun before a cancellation or a failure.
  private func decompose(_ work: [(slot: Slot, hash: String)]) -> [Result<Factors, SVFTError>?] {
    let results = Mutex([Result<Factors, SVFTError>?](repeating: nil, count: work.count))
    let next = Atomic(0)
    let stop = Atomic(false)
    let start = Clock.seconds()
    let ledger = MemoryLedger.current
    Parallel.run(threads: min(threads, work.count)) { team in
      while !stop.load(ordering: .relaxed) {
        let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
        guard index < work.count else { break }
        let result = self.make(work[index].slot, hash: work[index].hash, ledger)
        if case .failure = result { stop.store(true, ordering: .relaxed) }
        let done = results.withLock { all in
          all[index] = result
          return all.count { $0 != nil }
        }
        // Member 0 is the thread that asked: callbacks run there only.
        guard team.id == 0, let progress = self.progress else { continue }
        let left = (Clock.seconds() - start) / Double(done) * Double(work.count - done)
        if !progress("factoring matrices", Double(done) / Double(work.count), left) {
          stop.store(true, ordering: .relaxed)
        }
      }
    }
    let all = results.withLock { $0 }
    // The first failure is the one to tell, also where an earlier tensor was not begun.
    if let failed = all.first(where: { if case .failure = $0 { true } else { false } }) {
      return all.map { $0 ?? failed }
    }
    return all
  }

  /// One after the other, nothing computed. The ledger sees as many matrices at the same time as
  /// there would be, and at the end, where the factors of the others are there already.
  private func rehearse(_ work: [(slot: Slot, hash: String)]) -> [Result<Factors, SVFTError>?] {
    guard let ledger = MemoryLedger.current else { return [] }
    let highest = ledger.peak
    var passing: [Int] = []
    let results = work.map { item in
      ledger.restartPeak()
      let result = make(item.slot, hash: item.hash, ledger)
      passing.append(ledger.peak - ledger.used)
      return result
    }
    let together = passing.sorted(by: >).prefix(threads).reduce(0, +)
    ledger.raisePeak(to: max(highest, ledger.used + together))
    return results
  }

  private func make(
    _ slot: Slot, hash: String, _ ledger: MemoryLedger?
  ) -> Result<Factors, SVFTError> {
    do throws(SVFTError) {
      guard let ledger else { return .success(try make(slot, hash: hash)) }
      return .success(try ledger.keep { () throws(SVFTError) in try make(slot, hash: hash) })
    } catch { return .failure(error) }
  }

  private func make(_ slot: Slot, hash: String) throws(SVFTError) -> Factors {
    let isRehearsing = MemoryLedger.isRehearsing
    if !isRehearsing, let stored = cached(slot, hash: hash) { return stored }
    let weight = slot.weight
    let values = try Buffer(
      of: Float.self, count: Checked.product(weight.rows, weight.columns, "a decoded matrix"))
    defer { withExtendedLifetime(values) {} }
    let matrix = values.pointer.assumingMemoryBound(to: Float.self)
    if !isRehearsing { slot.decodeCanonical(rows: 0..<weight.rows, into: matrix) }
    let svd = try SVD.thin(matrix, rows: weight.rows, columns: weight.columns, solver: solver)
    let parts = Factors.Parts(u: svd.u, sigma: svd.sigma, vt: svd.vt, method: svd.method)
    if !isRehearsing { keep(parts, of: slot, hash: hash) }
    return try Factors(parts, of: slot, hash: hash)
  }
}
