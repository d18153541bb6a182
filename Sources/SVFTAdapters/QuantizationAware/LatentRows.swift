// What a rounded matrix was before it was rounded, as far as anybody knows: numbers L₀ with
// q(L₀) = the stored codes, to which an adapter adds its change.
//
//   stored   the full-precision matrix, moved into the cells where an encoder cut it off
//   dither   cells' lower bound + u·width, u a random byte of (seed, module, canonical row, column)
//
// Nothing of either is kept: stored rows are read again from their file, random ones drawn again.
package import SVFTLayers
package import SVFTTensor

/// Where full-precision tensors are.
package protocol LatentSource: AnyObject {
  /// The tensor of a canonical name. Throws `.mismatch` where there is none.
  func slot(_ name: String) throws(SVFTError) -> Slot
}

/// Latent rows of one matrix.
protocol LatentRows: AnyObject {
  /// Writes those of the stored rows `rows`, dense, where `codes` are the checkpoint's bytes of
  /// them.
  func fill(
    _ rows: Range<Int>, codes: UnsafeRawPointer, into target: UnsafeMutablePointer<Float>)
  /// Brings what will be read into memory.
  func prepare()
  /// Gives back what reading has brought into memory.
  func release()
}

/// A number in each cell.
final class DitheredRows: LatentRows {
  private let slot: Slot
  private let key: UInt64

  init(_ projection: Projection, seed: UInt64) {
    slot = projection.weight
    key = RandomSource.key(seed: seed, purpose: "dither/\(projection.name)")
  }

  func fill(
    _ rows: Range<Int>, codes: UnsafeRawPointer, into target: UnsafeMutablePointer<Float>
  ) {
    let (format, columns) = (slot.weight.format, slot.weight.columns)
    let rowBytes = format.rowBytes(columns)
    for (index, row) in rows.enumerated() {
      let stream = UInt64(slot.rowOrder.canonical(row))
      for first in stride(from: 0, to: columns, by: Self.run) {
        let count = min(Self.run, columns - first)
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Self.run) { bytes in
          draw(bytes, stream: stream, first: first)
          guard let random = bytes.baseAddress else { return }
          format.kernels.spread(
            inCellsOf: codes + index * rowBytes + format.rowBytes(first), count: count,
            random: random, into: target + index * columns + first)
        }
      }
    }
  }

  func prepare() {}
  func release() {}

  /// Values at a time: whole blocks, and whole words of 16 bytes.
  private static let run = 256

  private func draw(
    _ bytes: UnsafeMutableBufferPointer<UInt8>, stream: UInt64, first: Int
  ) {
    for word in 0..<Self.run / 16 {
      let words = RandomSource.words(
        key: key, stream: stream, counter: UInt64(first / 16 + word))
      withUnsafeBytes(of: words) { from in
        for index in 0..<16 { bytes[16 * word + index] = from[index] }
      }
    }
  }
}

/// The rounded numbers themselves: what merging without quantisation-aware training starts from.
final class RoundedRows: LatentRows {
  private let weight: Weight

  init(_ projection: Projection) { weight = projection.weight.weight }

  func fill(
    _ rows: Range<Int>, codes: UnsafeRawPointer, into target: UnsafeMutablePointer<Float>
  ) {
    weight.format.decode(codes, count: rows.count * weight.columns, into: target)
  }

  func prepare() {}
  func release() {}
}

/// The matrix that was rounded, as another file has it.
final class StoredRows: LatentRows {
  private let slot: Slot
  private let latent: Slot
  private let clamps: Bool

  /// `clamps` moves numbers into their cells.
  ///
  /// `.mismatch` where the matrix is not the one that was rounded: `.shape`, or numbers that no
  /// encoder would have rounded so.
  init(_ projection: Projection, _ latent: Slot, clamps: Bool) throws(SVFTError) {
    slot = projection.weight
    self.latent = latent
    self.clamps = clamps
    try requireOrigin()
  }

  func fill(
    _ rows: Range<Int>, codes: UnsafeRawPointer, into target: UnsafeMutablePointer<Float>
  ) {
    read(rows, into: target)
    guard clamps else { return }
    _ = slot.weight.format.kernels.clamp(
      target, toCellsOf: codes, count: rows.count * slot.weight.columns)
  }

  func prepare() { latent.weight.bytes.populatePages() }
  func release() { latent.weight.bytes.releasePages() }

  private func read(_ rows: Range<Int>, into target: UnsafeMutablePointer<Float>) {
    let columns = slot.weight.columns
    for (index, row) in rows.enumerated() {
      let place = latent.rowOrder.stored(slot.rowOrder.canonical(row))
      latent.weight.decode(rows: place..<place + 1, into: target + index * columns)
    }
  }

  /// Throws `.mismatch` where the shape is another, or more than a twentieth of the numbers lies
  /// beyond its cell's neighbours: quantisers move far fewer, other weights leave most there.
  private func requireOrigin() throws(SVFTError) {
    guard latent.shape == slot.shape else {
      throw SVFTError(.mismatch, "expected latents of \(slot.shape), found \(latent.shape)")
    }
    guard !MemoryLedger.isRehearsing else { return }
    defer { release() }
    let weight = slot.weight
    let values = try Buffer(of: Float.self, count: Weight.rowChunk * weight.columns)
    let codes = try Buffer(byteCount: Weight.rowChunk * weight.matrix.rowBytes)
    defer { withExtendedLifetime((values, codes)) {} }
    var strays = 0
    for chunk in 0..<weight.rowChunks {
      let rows = weight.rows(ofChunk: chunk)
      weight.copyRows(rows, into: codes.pointer)
      let numbers = values.pointer.assumingMemoryBound(to: Float.self)
      read(rows, into: numbers)
      strays += weight.format.kernels.clamp(
        numbers, toCellsOf: codes.pointer, count: rows.count * weight.columns)
    }
    let share = Double(strays) / Double(weight.rows * weight.columns)
    guard share > 0.05 else { return }
    throw SVFTError(
      .mismatch,
      "expected the full-precision weights that this model was quantised from, found "
        + "others: \(Int((100 * share).rounded())) % of them round to other codes")
  }
}
