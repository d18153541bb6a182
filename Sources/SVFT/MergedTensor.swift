// One tensor of a model as it will be written: the base (or its trained stand-in) plus what the
// attached adapters add, in the row order and element format of the file.
//
// Rows are made in blocks, so merging a matrix takes memory for a block and not for a second copy.
// Where the target format rounds, the sums that say how much of the change survived are collected
// on the way:
//
//   transmitted = ⟨q(B + Δ) - q(B), Δ⟩ / ‖Δ‖²        q: through the target format, B base, Δ change
import SVFTAdapters
import SVFTFormats
import SVFTLayers
import SVFTTensor

/// A tensor with its adapters merged.
final class MergedTensor {
  let slot: Slot
  let format: any ElementFormat
  private let projections: [Projection]
  private let rowOrder: RowOrder
  /// Sums over all rows written: ⟨q(B + Δ) - q(B), Δ⟩ and ‖Δ‖².
  private(set) var survived = 0.0
  private(set) var changed = 0.0

  private static let blockRows = 64

  /// `projections` are those that multiply with this tensor; `rowOrder` is the file's order of its
  /// rows.
  init(
    _ slot: Slot, _ projections: [Projection], format: any ElementFormat, rowOrder: RowOrder
  ) {
    self.slot = slot
    self.projections = projections.filter { !$0.attachments.isEmpty }
    self.format = format
    self.rowOrder = rowOrder
  }

  /// Whether anything attached changes the tensor.
  var isChanged: Bool { slot.standIn != nil || !projections.isEmpty }

  /// The share of the change that the written format holds; nil where nothing changed or nothing
  /// rounds.
  var transmitted: Double? {
    format.blockLength > 1 && changed > 0 ? survived / changed : nil
  }

  /// The tensor for a writer, under `name`.
  func outgoing(_ name: String) throws(SVFTError) -> OutgoingTensor {
    let type = try StoredType.named(format.name)
    if !isChanged, format.name == slot.weight.format.name, rowOrder == slot.rowOrder {
      let weight = slot.weight
      return OutgoingTensor(name, slot.shape, type) { (sink) throws(SVFTError) in
        try weight.eachStoredPiece { (piece) throws(SVFTError) in try sink.write(piece) }
      }
    }
    return OutgoingTensor(name, slot.shape, type) { (sink) throws(SVFTError) in
      try self.write(to: sink)
    }
  }

  /// A vector is one row in memory, but its elements are what `rowOrder` permutes.
  private var isVector: Bool { slot.shape.count < 2 }

  private func write(to sink: ByteSink) throws(SVFTError) {
    let (rows, columns) = (slot.weight.rows, slot.weight.columns)
    let count = MergedTensor.blockRows * columns
    let merged = try Buffer(of: Float.self, count: count)
    let base = try Buffer(of: Float.self, count: count)
    let encoded = try Buffer(byteCount: MergedTensor.blockRows * format.rowBytes(columns))
    for first in stride(from: 0, to: rows, by: MergedTensor.blockRows) {
      let block = first..<min(rows, first + MergedTensor.blockRows)
      guard let m = merged.values(Float.self).baseAddress,
        let b = base.values(Float.self).baseAddress
      else { return }
      try fill(block, m, b)
      format.encode(m, count: block.count * columns, into: encoded.pointer)
      if isChanged, format.blockLength > 1 { collect(block.count * columns, m, b, encoded) }
      try requireHeld(block, encoded, scratch: m)
      try sink.write(
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

  /// Merged values and base values of the file's rows `block`.
  private func fill(
    _ block: Range<Int>, _ merged: UnsafeMutablePointer<Float>, _ base: UnsafeMutablePointer<Float>
  ) throws(SVFTError) {
    let columns = slot.weight.columns
    for (index, row) in block.enumerated() {
      let stored = isVector ? row : storedRow(row)
      slot.weight.decode(rows: stored..<stored + 1, into: base + index * columns)
      slot.current.decode(rows: stored..<stored + 1, into: merged + index * columns)
      for projection in projections {
        for attachment in projection.attachments {
          guard let method = attachment.adapter as? any AdapterMethod else { continue }
          try method.addDelta(
            projection, rows: stored..<stored + 1, scale: attachment.scale,
            to: merged + index * columns)
        }
      }
    }
    if isVector { permuteElements(merged) }
  }

  /// The row in memory that stands at `row` of the file: through the canonical order.
  private func storedRow(_ row: Int) -> Int { slot.rowOrder.stored(rowOrder.canonical(row)) }

  private func permuteElements(_ values: UnsafeMutablePointer<Float>) {
    guard rowOrder != slot.rowOrder else { return }
    let copy = Array(UnsafeBufferPointer(start: values, count: slot.weight.columns))
    for element in copy.indices { values[element] = copy[storedRow(element)] }
  }

  private func collect(
    _ count: Int, _ merged: UnsafeMutablePointer<Float>, _ base: UnsafeMutablePointer<Float>,
    _ encoded: Buffer
  ) {
    let scratch = UnsafeMutablePointer<Float>.allocate(capacity: 2 * count)
    defer { scratch.deallocate() }
    let rounded = scratch + count
    format.decode(encoded.pointer, count: count, into: rounded)
    let bytes = count / format.blockLength * format.blockBytes
    let copy = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
    defer { copy.deallocate() }
    format.encode(base, count: count, into: copy)
    format.decode(copy, count: count, into: scratch)
    for index in 0..<count {
      let delta = Double(merged[index]) - Double(base[index])
      survived += (Double(rounded[index]) - Double(scratch[index])) * delta
      changed += delta * delta
    }
  }
}
