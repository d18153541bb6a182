// A body and a head, recorded, planned and ready to be replayed for steps up to a capacity:
//
//   tokens → body → hidden [rows, C] → selected rows → head → outputs [selected, n] (→ losses)
//
// The head is replayed in chunks of rows, so logits of a whole batch over a large vocabulary never
// exist at once; in training each chunk's gradient goes back into the hidden states before the next
// chunk.
import SVFTLayers
import SVFTModels
import SVFTTensor

/// Programs and batches for one kind of step.
final class Pass {
  /// How large steps may be.
  struct Capacity: Hashable {
    /// Rows and sequences of a step's body.
    var rows: Int
    var sequences: Int
    /// Rows of one replay of the head.
    var headRows: Int
    /// Rows of the texts that sequences are about.
    var sourceRows = 0

    /// Whether steps of `other` fit into this.
    func holds(_ other: Capacity) -> Bool {
      rows >= other.rows && sequences >= other.sequences && headRows >= other.headRows
        && sourceRows >= other.sourceRows
    }
  }

  /// Which head, and what is asked of it.
  enum Purpose: Hashable { case language, classes, multiLabel, score, tags, embedding }

  /// What a pass is for: outputs alone, or gradients too, with activations kept or recomputed.
  enum Mode: Hashable {
    case inference, training, recomputing

    var trains: Bool { self != .inference }
  }

  let capacity: Capacity
  /// Adapters that single rows may have.
  let lanes: [Lane]
  let batch: Batch
  let headBatch: Batch
  let body: Program
  let head: Program
  /// Bytes of both programs.
  let byteCount: Int
  /// Whether it was made in a rehearsal.
  let isReserved = MemoryLedger.isRehearsing
  private let hidden: Value
  private let headInput: Value
  private let output: Value
  private let selection: Selection
  /// What the head reads of each sequence, side by side; empty where rows are chosen one by one.
  private let pieces: [Selection.Piece]
  private let hiddenWidth: Int
  /// Rows that the head reads from each selected one on.
  private let adjacent: Int
  private let threads: Int
  /// One image before it is cut into patches; nil where the model reads tokens.
  let planes: Buffer?
  private var chunkKey: UInt64 = 0

  /// Records and plans both graphs. Throws `.memory`, `.limit`, `.shape`.
  init(
    _ architecture: any Architecture, _ heads: Heads, _ purpose: Purpose, capacity: Capacity,
    _ mode: Mode, threads: Int, lanes: [Lane]
  ) throws(SVFTError) {
    self.capacity = capacity
    self.lanes = lanes
    let training = mode.trains
    let bodyGraph = Graph(training: training, recomputes: mode == .recomputing, lanes: lanes)
    hidden =
      try purpose == .embedding
      ? architecture.recordEncoder(bodyGraph) : architecture.record(bodyGraph)
    bodyGraph.output(hidden)
    let trainsBody = training && !bodyGraph.parameters.isEmpty
    let headGraph = Graph(training: training, lanes: lanes)
    let geometry = architecture.geometry
    adjacent = heads.adjacentRows(purpose)
    pieces = heads.selection(purpose)
    headInput = headGraph.input(
      width: max(1, pieces.count) * adjacent * geometry.hiddenWidth, differentiable: trainsBody)
    output = try heads.record(purpose, headInput, headGraph)
    headGraph.output(output, seeded: false)
    if training { try heads.recordLoss(purpose, output, headGraph) }
    let plans = (
      body: try Plan(bodyGraph, rows: capacity.rows, sourceRows: capacity.sourceRows),
      head: try Plan(headGraph, rows: capacity.headRows)
    )
    byteCount = try Checked.sum(
      plans.body.totalBytes(threads: threads), plans.head.totalBytes(threads: threads),
      "the memory of a step")
    try MemoryLedger.current?.require(byteCount)
    body = try Program(bodyGraph, plans.body, threads: threads)
    head = try Program(headGraph, plans.head, threads: threads)
    batch = try Batch(
      rows: capacity.rows, sequences: capacity.sequences, sourceRows: capacity.sourceRows,
      grid: geometry.grid)
    planes = try geometry.grid.map { (grid) throws(SVFTError) in
      try Buffer(of: Float.self, count: grid.numbers)
    }
    headBatch = try Batch(
      rows: capacity.headRows, sequences: 1, targets: purpose == .multiLabel ? output.width : 1)
    selection = try Selection(
      capacity: max(capacity.rows, capacity.headRows), pieces: pieces.count)
    hiddenWidth = geometry.hiddenWidth
    self.threads = threads
    batch.training = training
    headBatch.training = training
  }

  /// Lets watches note what the ops of both programs take; nil ends it.
  func watch(_ watches: (body: Stopwatch, head: Stopwatch)?) {
    (body.stopwatch, head.stopwatch) = (watches?.body, watches?.head)
  }

  /// Computes the hidden states of the batch's rows.
  func forwardBody() throws(SVFTError) { try body.forward(batch) }

  /// Outputs of the head for single rows of the step, [rows.count, outputs]; at most `headRows` of
  /// them.
  func forwardHead(rows: [Int]) throws(SVFTError) -> UnsafeMutablePointer<Float> {
    try selection.choose(rows: rows, of: batch.rows)
    return try forwardHead(0..<rows.count)
  }

  /// Outputs of the head for each sequence of the step, by the head's own rule, [sequences,
  /// outputs].
  func forwardPooledHead() throws(SVFTError) -> UnsafeMutablePointer<Float> {
    try selection.choose(pieces, of: batch)
    return try forwardHead(0..<selection.count)
  }

  private func forwardHead(_ part: Range<Int>) throws(SVFTError) -> UnsafeMutablePointer<Float> {
    try headBatch.setRows(part.count)
    if !batch.windows.isEmpty {
      for row in 0..<part.count {
        headBatch.setLane(batch.lanes[selection[part.lowerBound + row].lowerBound], ofRow: row)
      }
    }
    selection.gather(
      part, from: body.values(hidden), width: hiddenWidth, adjacent: adjacent,
      into: head.values(headInput), threads: threads)
    try head.forward(headBatch)
    return head.values(output)
  }

  /// Throws `.nonFinite` for the first of `rows` outputs [rows, width] that holds NaN or infinity;
  /// `name` says what row that is.
  static func requireFinite(
    _ outputs: UnsafePointer<Float>, rows: Int, width: Int, _ name: (Int) -> String
  ) throws(SVFTError) {
    for row in 0..<rows where !Kernels.allFinite(outputs + row * width, count: width) {
      throw SVFTError(
        .nonFinite, "\(name(row)): expected finite numbers, found NaN or infinity")
    }
  }

  /// Forward and backward of the batch against `targets`: adds to the parameters' gradients and
  /// returns the summed loss. `scale` is 1 / counted rows of the whole optimiser step.
  func train(_ targets: Targets, scale: Float) throws(SVFTError) -> Double {
    try forwardBody()
    if pieces.isEmpty {
      try selection.choose(rows: targets.rows, of: batch.rows)
    } else {
      try selection.choose(pieces, of: batch)
    }
    headBatch.lossScale = scale
    let bodyGradient = body.gradient(hidden)
    if let bodyGradient {
      Selection.clear(bodyGradient, rows: batch.rows, width: hiddenWidth, threads: threads)
    }
    var loss = 0.0
    for first in stride(from: 0, to: selection.count, by: capacity.headRows) {
      let part = first..<min(selection.count, first + capacity.headRows)
      headBatch.randomKey = chunkKey &+ UInt64(first)
      targets.fill(headBatch, part)
      _ = try forwardHead(part)
      for row in 0..<part.count { loss += headBatch.losses[row] }
      try head.backward(headBatch)
      if let bodyGradient, let inputGradient = head.gradient(headInput) {
        selection.scatter(
          part, from: inputGradient, width: hiddenWidth, adjacent: adjacent, into: bodyGradient,
          threads: threads)
      }
    }
    if bodyGradient != nil { try body.backward(batch) }
    return loss
  }

  /// The key of this step's dropout masks, a function of seed, step and micro-batch.
  func setRandomKey(seed: UInt64, step: Int, micro: Int) {
    let key = RandomSource.key(seed: seed, purpose: "dropout")
    let counter = UInt64(truncatingIfNeeded: step) << 20 | UInt64(truncatingIfNeeded: micro)
    batch.randomKey = RandomSource.bits(key: key, stream: 0, counter: counter)
    chunkKey = RandomSource.bits(key: key, stream: 1, counter: counter)
  }

  /// Rows of one replay of a token head. Each reads the whole matrix, as quantised numbers that are
  /// decoded again: 128 rows take half the time of 32, 256 rows a tenth less. So many as have
  /// logits of no more than 64 MiB, which are their gradient's too.
  static func headRows(outputs: Int) -> Int {
    min(256, max(16, (16 << 20) / max(1, outputs)))
  }
}

/// Adapters of single rows.
extension Pass {
  /// Lanes that one recording has at most: beyond that, those of the call at hand alone.
  private static let laneLimit = 256

  /// Whether steps with these lanes can be replayed. Where no row has one, nothing of lanes should
  /// be recorded: it costs copies.
  func serves(_ wanted: [Lane]) -> Bool {
    wanted.isEmpty ? lanes.isEmpty : wanted.allSatisfy(lanes.contains)
  }

  /// What to record instead of this for steps with `wanted` lanes: these too, so that calls that
  /// take turns with a few adapters find them all recorded.
  func lanes(and wanted: [Lane]) -> [Lane] {
    guard !wanted.isEmpty else { return [] }
    let all = lanes + wanted.filter { !lanes.contains($0) }
    return all.count <= Self.laneLimit ? all : wanted
  }

  /// The number of a lane among the recorded; -1 for none.
  func number(of lane: Lane?) -> Int32 {
    lane.flatMap { lanes.firstIndex(of: $0) }.map { Int32(truncatingIfNeeded: $0) } ?? -1
  }
}
