// One tensor of a model as it will be written: the base (or its trained stand-in) plus what the
// attached adapters add, in the layout and element format of the file.
//
// Rows are made in blocks, so merging a matrix takes memory for a block and not for a second copy.
// Where the target format rounds, the sums that say how much of the change survived are collected
// on the way:
//
//   transmitted = ⟨q(B + Δ) - q(B), Δ⟩ / ‖Δ‖²        q: through the target format, B base, Δ change
//
// A quantisation-aware adapter has the matrix rounded already: those very codes are written, and
// what rounding B + Δ would have transmitted is told beside.
import SVFTAdapters
import SVFTFormats
import SVFTLayers
import SVFTModels
import SVFTTensor

/// A tensor with its adapters merged.
final class MergedTensor {
  let slot: Slot
  let format: any ElementFormat
  private let projections: [Projection]
  private let layout: FileLayout
  private var rowOrder: RowOrder { layout.rowOrder }
  /// Sums over all rows written: ⟨q(B + Δ) - q(B), Δ⟩ and ‖Δ‖².
  private(set) var survived = 0.0
  private(set) var changed = 0.0
  /// What would have survived without quantisation-aware training.
  private(set) var survivedNaively = 0.0

  /// Rows made at a time: a piece for each of two threads.
  private static let blockRows = 2 * ScatteredChange.pieceRows
  private let threads: Int
  /// How much each number of a block of rows matters, where that is known and the format weighs.
  private var importance: Buffer?

  /// `projections` are those that multiply with this tensor; `layout` is the file's.
  init(
    _ slot: Slot, _ projections: [Projection], format: any ElementFormat, layout: FileLayout,
    threads: Int
  ) {
    self.threads = threads
    self.slot = slot
    self.projections = projections.filter { !$0.attachments.isEmpty }
    self.format = format
    self.layout = layout
  }

  /// Says how much each column matters. Throws `.memory`.
  func weigh(_ columns: [Float]) throws(SVFTError) {
    guard format.kernels.weighs, columns.count == slot.weight.columns else { return }
    let buffer = try Buffer(
      of: Float.self, count: Checked.product(Self.blockRows, columns.count, "importance"))
    let values = buffer.values(Float.self)
    for row in 0..<Self.blockRows {
      for (column, factor) in columns.enumerated() { values[row * columns.count + column] = factor }
    }
    importance = buffer
  }

  /// Encodes `count` numbers, whole rows of a block.
  private func round(
    _ values: UnsafePointer<Float>, _ count: Int, into target: UnsafeMutableRawPointer
  ) {
    let factors = importance.map { UnsafePointer($0.pointer.assumingMemoryBound(to: Float.self)) }
    withExtendedLifetime(importance) {
      format.encode(values, importance: factors, count: count, into: target)
    }
  }

  /// Whether anything attached changes the tensor.
  var isChanged: Bool { slot.standIn != nil || !projections.isEmpty }

  /// The matrix with the change of a quantisation-aware adapter.
  private var rounded: Weight? { projections.first?.attachments.first?.rounded?.weight }
  /// The matrix whose rows are the result as they lie: that one in its own format with nothing
  /// added, or the base where nothing changes it.
  private var whole: Weight? {
    if !isChanged, !isVector, format.name == slot.weight.format.name { return slot.weight }
    guard let rounded, rounded.format.name == format.name, projections.count == 1,
      projections[0].attachments.count == 1
    else { return nil }
    return rounded
  }

  /// The share of the change that the written format holds; nil where nothing changed or nothing
  /// rounds.
  var transmitted: Double? {
    format.blockLength > 1 && changed > 0 ? survived / changed : nil
  }

  /// The share that rounding the sum would have held; nil where that is what was done.
  var transmittedNaively: Double? {
    whole == nil ? nil : transmitted.map { _ in survivedNaively / changed }
  }

  /// The tensor for a writer, under `name`.
  func outgoing(_ name: String) throws(SVFTError) -> OutgoingTensor {
    let type = try StoredType.named(format.name)
    if layout.isTransposed {
      return OutgoingTensor(name, slot.shape.reversed(), type) { (sink) throws(SVFTError) in
        try self.writeTransposed(to: sink)
      }
    }
    let isSame = rowOrder == slot.rowOrder && layout.offset == 0 && layout.skippedRows == 0
    if !isChanged, format.name == slot.weight.format.name, isSame {
      let weight = slot.weight
      return OutgoingTensor(name, slot.shape, type) { (sink) throws(SVFTError) in
        try weight.eachStoredPiece { (piece) throws(SVFTError) in try sink.write(piece) }
      }
    }
    guard format.canEncode || whole != nil else {
      throw SVFTError(
        .unsupported,
        "\(slot.name): expected a format to write the changed tensor in, found \(format.name), "
          + "which can be read but not written; name another")
    }
    var shape = slot.shape
    if layout.skippedRows > 0 { shape[0] -= layout.skippedRows }
    return OutgoingTensor(name, shape, type) { (sink) throws(SVFTError) in
      try self.write(to: sink)
    }
  }

  /// A vector is one row in memory, but its elements are what `rowOrder` permutes.
  private var isVector: Bool { slot.shape.count < 2 }

  /// The transpose: a column after the other, of the whole matrix in the file's plain format.
  private func writeTransposed(to sink: ByteSink) throws(SVFTError) {
    let (rows, columns) = (slot.weight.rows, slot.weight.columns)
    let whole = try Buffer(
      byteCount: Checked.product(rows, format.rowBytes(columns), "a matrix to be turned"))
    var filled = 0
    try pieces { (piece) throws(SVFTError) in
      guard let start = piece.baseAddress else { return }
      (whole.pointer + filled).copyMemory(from: start, byteCount: piece.count)
      filled += piece.count
    }
    let matrix = try Weight(format: format, rows: rows, columns: columns, bytes: whole)
    try matrix.transposed().eachStoredPiece { (piece) throws(SVFTError) in try sink.write(piece) }
  }

  private func write(to sink: ByteSink) throws(SVFTError) {
    try pieces { (piece) throws(SVFTError) in try sink.write(piece) }
  }

  /// The file's bytes, blocks of rows at a time.
  private func pieces(
    _ take: (UnsafeRawBufferPointer) throws(SVFTError) -> Void
  ) throws(SVFTError) {
    let (rows, columns) = (slot.weight.rows - layout.skippedRows, slot.weight.columns)
    let count = MergedTensor.blockRows * columns
    let merged = try Buffer(of: Float.self, count: count)
    let base = try Buffer(of: Float.self, count: count)
    let encoded = try Buffer(byteCount: MergedTensor.blockRows * format.rowBytes(columns))
    let changes = try changes()
    for first in stride(from: 0, to: rows, by: MergedTensor.blockRows) {
      let block = first..<min(rows, first + MergedTensor.blockRows)
      guard let m = merged.values(Float.self).baseAddress,
        let b = base.values(Float.self).baseAddress
      else { return }
      fill(block, m, b, changes)
      encode(block, m, into: encoded.pointer)
      if isChanged, format.blockLength > 1 { try collect(block.count * columns, m, b, encoded) }
      try requireHeld(block, encoded, scratch: m)
      try take(
        UnsafeRawBufferPointer(
          start: encoded.pointer, count: block.count * format.rowBytes(columns)))
    }
  }

  /// Throws `.nonFinite` where what was encoded is not finite any more, or never was. F32 holds
  /// everything.
  private func requireHeld(
    _ block: Range<Int>, _ encoded: Buffer, scratch: UnsafeMutablePointer<Float>
  ) throws(SVFTError) {
    guard format.name != ElementFormats.f32.name else { return }
    let count = block.count * slot.weight.columns
    format.decode(encoded.pointer, count: count, into: scratch)
    guard !Kernels.allFinite(scratch, count: count) else { return }
    throw SVFTError(
      .nonFinite,
      "\(slot.name): expected finite numbers that \(format.name) can hold in rows "
        + "\(block.lowerBound) to \(block.upperBound - 1), found others")
  }

  /// The bytes of the file's rows `block`.
  private func encode(
    _ block: Range<Int>, _ merged: UnsafePointer<Float>, into target: UnsafeMutableRawPointer
  ) {
    guard let whole else {
      return round(merged, block.count * slot.weight.columns, into: target)
    }
    for (index, row) in block.enumerated() {
      whole.matrix.copyRow(storedRow(row), into: target + index * whole.matrix.rowBytes)
    }
  }

  /// What attached adapters add to what `fill` starts with.
  private func changes() throws(SVFTError) -> [(change: ScatteredChange, scale: Float)] {
    let isExact = rounded == nil || whole != nil
    var changes: [(change: ScatteredChange, scale: Float)] = []
    for projection in projections {
      for attachment in projection.attachments where isExact || attachment.rounded == nil {
        guard let method = attachment.adapter as? any AdapterMethod,
          let change = try method.change(of: projection, threads: threads)
        else { continue }
        changes.append((change, attachment.scale))
      }
    }
    return changes
  }

  /// Merged values and base values of the file's rows `block`.
  private func fill(
    _ block: Range<Int>, _ merged: UnsafeMutablePointer<Float>,
    _ base: UnsafeMutablePointer<Float>, _ changes: [(change: ScatteredChange, scale: Float)]
  ) {
    let columns = slot.weight.columns
    let start = rounded == nil || whole != nil ? slot.current : rounded ?? slot.current
    let stored = isVector ? Array(block) : block.map(storedRow)
    for (index, row) in stored.enumerated() {
      slot.weight.decode(rows: row..<row + 1, into: base + index * columns)
      start.decode(rows: row..<row + 1, into: merged + index * columns)
    }
    for (change, scale) in changes { change.add(stored, scale: scale, to: merged) }
    if isVector { arrangeElements(merged) }
  }

  /// The row in memory that stands at `row` of the file: through the canonical order.
  private func storedRow(_ row: Int) -> Int {
    slot.rowOrder.stored(rowOrder.canonical(row + layout.skippedRows))
  }

  private func arrangeElements(_ values: UnsafeMutablePointer<Float>) {
    if layout.offset != 0 {
      for element in 0..<slot.weight.columns { values[element] += layout.offset }
    }
    guard rowOrder != slot.rowOrder else { return }
    let copy = Array(UnsafeBufferPointer(start: values, count: slot.weight.columns))
    for element in copy.indices { values[element] = copy[storedRow(element)] }
  }

  /// Adds what survived in a block to the sums.
  private func collect(
    _ count: Int, _ merged: UnsafeMutablePointer<Float>, _ base: UnsafeMutablePointer<Float>,
    _ encoded: Buffer
  ) throws(SVFTError) {
    let written = try Buffer(of: Float.self, count: count)
    let before = try Buffer(of: Float.self, count: count)
    let bytes = try Buffer(byteCount: count / format.blockLength * format.blockBytes)
    defer { withExtendedLifetime((written, before, bytes)) {} }
    let (after, start) = (written.values(Float.self), before.values(Float.self))
    guard let a = after.baseAddress, let b = start.baseAddress else { return }
    func throughFormat(_ values: UnsafePointer<Float>, _ target: UnsafeMutablePointer<Float>) {
      round(values, count, into: bytes.pointer)
      format.decode(bytes.pointer, count: count, into: target)
    }
    func share() -> Double {
      (0..<count).reduce(0) { sum, index in
        sum + Double(after[index] - start[index]) * Double(merged[index] - base[index])
      }
    }
    throughFormat(base, b)
    format.decode(encoded.pointer, count: count, into: a)
    survived += share()
    for index in 0..<count {
      let delta = Double(merged[index] - base[index])
      changed += delta * delta
    }
    guard whole != nil else { return }
    throughFormat(merged, a)
    survivedNaively += share()
  }
}
