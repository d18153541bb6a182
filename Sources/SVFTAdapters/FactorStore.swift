// The factors of one model, computed once and shared by all its adapters: in memory by hash, and on
// disk where the caller gives a cache folder (FactorStore+Cache.swift). How matrices are decomposed
// side by side is in FactorStore+Work.swift.
package import SVFTLayers
package import SVFTTensor
import Synchronization

/// Vectors that others hold, or nobody.
private struct LooseVectors {
  private weak var both: Factors?
  private weak var one: OneSidedFactors?

  init(_ vectors: consuming SingularVectors) {
    switch consume vectors {
    case .both(let factors): both = factors
    case .one(let factors): one = factors
    }
  }

  var vectors: SingularVectors? {
    if let both { return .both(both) }
    return one.map { .one($0) }
  }
}

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
  /// Whether of several wishes only the last is granted: a rehearsal found no room for others.
  package var isTight = false
  /// Asked before each matrix; true leaves the rest.
  package var isCancelled: (() -> Bool)?

  private var vectors: [Key: SingularVectors] = [:]
  private var records: [Key: FactorRecord] = [:]
  private var hashes: [ObjectIdentifier: (slot: Slot, hash: String)] = [:]
  private let book: HashBook?
  /// Bytes that decomposing has made the solver's library keep, and who is charged with them.
  package private(set) var solverBytes = 0
  private var payer: MemoryLedger?

  private struct Key: Hashable {
    let hash: String
    let rowOrder: RowOrder
    let truncation: SVD.Truncation?
    /// Directions kept at most.
    let rank: Int
    let storage: SingularVectors.Storage
  }

  /// What is wanted of matrices: all directions of them or approximations of the first ones, of
  /// those so many at most, kept in that way.
  package struct Wish: Sendable {
    let truncation: SVD.Truncation?
    let rank: Int
    let storage: SingularVectors.Storage

    package init(
      _ truncation: SVD.Truncation? = nil, rank: Int? = nil,
      storage: SingularVectors.Storage = .both
    ) {
      self.truncation = truncation
      self.rank = rank ?? .max
      self.storage = storage
    }
  }

  private func key(_ slot: Slot, _ wish: Wish) -> Key {
    Key(
      hash: hash(slot), rowOrder: slot.rowOrder, truncation: wish.truncation, rank: wish.rank,
      storage: wish.storage)
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
    (copy.vectors, copy.hashes, copy.solverBytes) = (vectors, hashes, solverBytes)
    (copy.admit, copy.isCancelled, copy.isTight) = (admit, isCancelled, isTight)
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

  /// Hashes tensors side by side, one a thread.
  private func learnHashes(_ slots: [Slot]) {
    guard !MemoryLedger.isRehearsing else { return }
    var seen: Set<ObjectIdentifier> = []
    let unknown = slots.filter { slot in
      hashes[ObjectIdentifier(slot)] == nil && seen.insert(ObjectIdentifier(slot)).inserted
        && book?.hash(of: slot) == nil
    }
    let found = Mutex([String?](repeating: nil, count: unknown.count))
    Parallel.run(threads: min(threads, unknown.count)) { team in
      for index in team.share(of: unknown.count) {
        let hash = unknown[index].canonicalHash()
        found.withLock { $0[index] = hash }
      }
    }
    for (slot, hash) in zip(unknown, found.withLock { $0 }) {
      guard let hash else { continue }
      book?.note(hash, of: slot)
      hashes[ObjectIdentifier(slot)] = (slot, hash)
    }
  }

  /// The singular vectors of tensors; those that have none yet are decomposed side by side.
  ///
  /// Throws what a decomposition throws, with the tensor's name, and `.cancelled`.
  package func vectors(
    _ slots: [Slot], _ wish: Wish = Wish()
  ) throws(SVFTError) -> [SingularVectors] {
    try prepare(slots, wish)
    var found: [SingularVectors] = []
    for slot in slots {
      guard let one = vectors[key(slot, wish)] else {
        throw SVFTError(.internal, "libsvft is at fault: \(slot.name) was not decomposed")
      }
      found.append(one)
    }
    return found
  }

  /// Decomposes tensors ahead of those who need their vectors: into the cache where there is one,
  /// and else into memory.
  ///
  /// Throws what `vectors` throws.
  package func fill(_ slots: [Slot], _ wish: Wish = Wish()) throws(SVFTError) {
    try prepare(slots, wish, keepsVectors: cacheFolder == nil)
  }

  /// The vectors of the first of several wishes that there is room for, and for what decomposing
  /// takes beside what is kept; of the last where there is none.
  ///
  /// Throws what the last one throws.
  func vectors(_ slots: [Slot], firstOf wishes: [Wish]) throws(SVFTError) -> [SingularVectors] {
    for wish in wishes.dropLast() where !isTight && admits(missing(slots, wish)) {
      do throws(SVFTError) {
        return try vectors(slots, wish)
      } catch {
        guard error.kind == .memory else { throw error }
      }
    }
    return try vectors(slots, wishes.last ?? Wish())
  }

  private func admits(_ missing: [Work]) -> Bool {
    guard let admit, !missing.isEmpty else { return true }
    do throws(SVFTError) {
      try admit(Self.byteCount(missing))
      return true
    } catch { return false }
  }

  /// What is to be decomposed for a wish, each matrix once.
  private func missing(_ slots: [Slot], _ wish: Wish) -> [Work] {
    learnHashes(slots)
    var wanted: Set<Key> = []
    return slots.compactMap { slot in
      let key = key(slot, wish)
      guard vectors[key] == nil, wanted.insert(key).inserted else { return nil }
      return Work(slot: slot, hash: key.hash, wish: wish)
    }
  }

  /// Both factors of a tensor, if somebody has asked for them.
  private func whole(_ slot: Slot, _ truncation: SVD.Truncation?) -> Factors? {
    guard case .both(let factors) = vectors[key(slot, Wish(truncation))] else { return nil }
    return factors
  }

  /// Both factors of one tensor, without keeping them here: from the cache, or decomposed anew.
  ///
  /// Throws what a decomposition throws.
  func passing(_ slot: Slot, _ truncation: SVD.Truncation?) throws(SVFTError) -> Factors {
    if let known = whole(slot, truncation) { return known }
    let work = Work(slot: slot, hash: hash(slot), wish: Wish(truncation))
    switch decompose([work]).first {
    case .success(let made):
      if let vectors = made.vectors { return try vectors.explicit(slot) }
      throw SVFTError(.internal, "libsvft is at fault: the factors of \(slot.name) were not kept")
    case .failure(let error): throw error
    case nil, .some(nil):
      throw SVFTError(.cancelled, "the decomposition of \(slot.name) was cancelled")
    }
  }

  /// What became of matrices whose vectors have been asked for, each of them once.
  package func records(_ slots: [Slot], _ wish: Wish = Wish()) -> [FactorRecord] {
    var seen: Set<Key> = []
    return slots.compactMap { slot in
      let key = key(slot, wish)
      return seen.insert(key).inserted ? records[key] : nil
    }
  }

  private func prepare(
    _ slots: [Slot], _ wish: Wish, keepsVectors: Bool = true
  ) throws(SVFTError) {
    learnHashes(slots)
    dropUnused(beside: Set(slots.map { key($0, wish) }))
    for slot in slots where vectors[key(slot, wish)] == nil {
      guard let known = whole(slot, wish.truncation) else { continue }
      vectors[key(slot, wish)] = try SingularVectors(
        known, of: slot, wish.storage, rank: wish.rank)
    }
    var missing = missing(slots, wish)
    book?.write()
    guard !missing.isEmpty else { return }
    for index in missing.indices { missing[index].keepsVectors = keepsVectors }
    if keepsVectors { try admit?(Self.byteCount(missing)) }
    try debitSolver(missing.map(\.slot.weight))
    let results = MemoryLedger.isRehearsing ? rehearse(missing) : decompose(missing)
    try keep(results, of: missing, wish)
  }

  /// Lets go of what adapters that are gone had of matrices: all but whole factors, which others
  /// can be made of.
  private func dropUnused(beside wanted: Set<Key>) {
    // Going through the keys themselves would hold the values too.
    for key in Array(vectors.keys)
    where !wanted.contains(key) && (key.storage != .both || key.rank != .max) {
      // What is there still when this store has let go, somebody uses.
      let loose = vectors.removeValue(forKey: key).map(LooseVectors.init)
      vectors[key] = loose?.vectors
    }
  }

  /// All, or what there was room for is given up again.
  private func keep(
    _ results: [Outcome?], of missing: [Work], _ wish: Wish
  ) throws(SVFTError) {
    for (result, work) in zip(results, missing) {
      switch result {
      case .success(let made):
        vectors[key(work.slot, wish)] = made.vectors
        records[key(work.slot, wish)] = made.record
      case .failure(let error):
        for work in missing where error.kind == .memory {
          vectors[key(work.slot, wish)] = nil
          records[key(work.slot, wish)] = nil
        }
        throw error
      case nil:
        throw SVFTError(.cancelled, "the decomposition of \(work.slot.name) was cancelled")
      }
    }
  }

  /// Bytes of what is kept of matrices.
  private static func byteCount(_ missing: [Work]) throws(SVFTError) -> Int {
    var bytes = 0
    for work in missing {
      bytes = try Checked.sum(bytes, work.keptBytes(), "the size of factors")
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

  /// Bytes of all vectors.
  package var byteCount: Int { vectors.values.reduce(0) { $0 + $1.byteCount } }
}
