// Matrices of mapped files that come into strips (Kernels+StoredMatrix.swift) while a model works,
// a few before each step:
//
//   step 1        all from the file's rows: a few at a time become strips and are forgotten
//   step 2, 3 …   before each, `stepBytes` more of the matrices become strips for good, and the
//                 file's pages are given back
//
// Strips are new memory, and the system clears and maps it: for a 1B model that took longer than a
// first answer. What reads one text now never pays for it, and a longer answer pays little by
// little. Every step computes the same bits.
package import SVFTTensor
import Synchronization

/// The matrices of one model that are still to come into strips.
package final class StripQueue: Sendable {
  /// Bytes that one step brings into strips at least, where so many wait.
  package static let stepBytes = 32 << 20

  private struct Waiting: @unchecked Sendable {
    var hasServed = false
    /// In the order of their turns; before `next` they have had them.
    var matrices: [Place] = []
    var next = 0
    /// What the file held of those that are strips now.
    var files: [Buffer] = []
    /// Where their strips lie; nil when all have had their turns.
    var run: BufferRun?

    mutating func finish() { (run, files, matrices, next) = (nil, [], [], 0) }
  }

  /// Weights that are gone before their turn need no strips.
  private struct Place {
    weak var matrix: LateStrips?
  }

  private let waiting: Mutex<Waiting>
  /// Who is charged for strips.
  private let ledger = MemoryLedger.current

  /// A queue whose strips lie in `run`.
  package init(in run: BufferRun) {
    let waiting = Waiting(run: run)
    self.waiting = Mutex(waiting)
  }

  /// Matrices come in the order in which they were added.
  fileprivate func add(_ matrix: LateStrips) {
    waiting.withLock { $0.matrices.append(Place(matrix: matrix)) }
  }

  /// A step is about to run: but for the first, some matrices come into strips.
  ///
  /// Steps of other threads go on meanwhile, with rows or strips. Where memory is refused, rows
  /// stay what they are.
  package func advance(threads: Int) {
    _ = waiting.withLockIfAvailable { waiting in
      guard waiting.hasServed else { return waiting.hasServed = true }
      guard let run = waiting.run else { return }
      var left = StripQueue.stepBytes
      while left > 0, waiting.next < waiting.matrices.count {
        let place = waiting.matrices[waiting.next]
        waiting.next += 1
        guard let matrix = place.matrix else { continue }
        left -= matrix.byteCount
        do throws(SVFTError) {
          try charged { () throws(SVFTError) in try matrix.make(threads: threads, in: run) }
          waiting.files.append(matrix.file)
        } catch {
          waiting.next = waiting.matrices.count
        }
      }
      // Reading a matrix brings in pages around it, of its neighbours too.
      for file in waiting.files { file.releasePages() }
      if waiting.next == waiting.matrices.count { waiting.finish() }
    }
  }

  private func charged(_ body: () throws(SVFTError) -> Void) throws(SVFTError) {
    if let ledger { try ledger.keep(body) } else { try body() }
  }
}

/// Strips of a matrix that lies in a mapped file, once they are there.
package final class LateStrips: @unchecked Sendable {
  private let format: any ElementFormat
  private let rows: Kernels.StoredMatrix
  fileprivate let file: Buffer
  /// Whose turns these wait for.
  package let queue: StripQueue
  /// Written once, before `isReady`.
  private var made: (bytes: Buffer, matrix: Kernels.StoredMatrix)?
  private let isReady = Atomic(false)

  /// Bytes of rows that come into strips before those of the file are given back.
  private static let pieceBytes = 2 << 20

  init(
    _ format: any ElementFormat, _ rows: Kernels.StoredMatrix, _ file: Buffer,
    _ queue: StripQueue
  ) {
    self.format = format
    self.rows = rows
    self.file = file
    self.queue = queue
    queue.add(self)
  }

  var byteCount: Int { file.byteCount }

  /// The matrix in strips; nil until it is.
  var matrix: Kernels.StoredMatrix? {
    isReady.load(ordering: .acquiring) ? made?.matrix : nil
  }

  /// Throws `.memory`; then rows are charged again, and stay.
  fileprivate func make(threads: Int, in run: BufferRun) throws(SVFTError) {
    // The strips are charged in the place of the file's pages.
    file.releasePages()
    let strips: Buffer
    do throws(SVFTError) {
      strips = try Buffer(byteCount: byteCount, in: run)
    } catch {
      try file.chargePages()
      throw error
    }
    let piece = max(1, LateStrips.pieceBytes / rows.rowBytes / Weight.rowChunk) * Weight.rowChunk
    for first in stride(from: 0, to: rows.rows, by: piece) {
      let count = min(piece, rows.rows - first)
      let chunks = (count + Weight.rowChunk - 1) / Weight.rowChunk
      Parallel.run(threads: threads) { team in
        let mine = team.span(of: chunks)
        let begin = first + mine.lowerBound * Weight.rowChunk
        let end = min(first + count, first + mine.upperBound * Weight.rowChunk)
        if begin < end { rows.packStrips(rows: begin..<end, into: strips.pointer) }
      }
      try file.slice(offset: first * rows.rowBytes, byteCount: count * rows.rowBytes)
        .releasePages()
    }
    let matrix = Kernels.StoredMatrix(
      format, strips.pointer, rows: rows.rows, columns: rows.columns, arrangement: .strips)
    made = (strips, matrix)
    isReady.store(true, ordering: .releasing)
  }
}
