// The matrix of one module as a merged file will have it: latent plus change, rounded in the
// checkpoint's own format and arrangement, so that kernels see the very bytes that a file gives
// them. Made anew after each optimiser step, some rows at a time on each member of a team.
import SVFTLayers
import SVFTTensor
import Synchronization

/// Q = q(latent + c·ΔW) of one projection.
final class RoundedWeight {
  let projection: Projection
  /// Q, in the arrangement of the checkpoint's matrix.
  let weight: Weight
  private let method: any AdapterMethod
  private let scale: Float
  private let latents: any LatentRows
  private let scales: QuantizationAwareness.Scales

  /// Allocates Q; `refresh` makes it.
  ///
  /// Throws `.memory`.
  init(
    _ projection: Projection, _ method: any AdapterMethod, scale: Float, _ latents: any LatentRows,
    _ scales: QuantizationAwareness.Scales
  ) throws(SVFTError) {
    self.projection = projection
    self.method = method
    self.scale = scale
    self.latents = latents
    self.scales = scales
    let base = projection.weight.weight
    weight = try Weight(
      format: base.format, rows: base.rows, columns: base.columns,
      bytes: Buffer(byteCount: base.bytes.byteCount), arrangement: base.matrix.arrangement)
  }

  /// Bytes of scratch per member of a team.
  var scratchBytes: Int {
    Weight.rowChunk * (weight.columns * MemoryLayout<Float>.stride + weight.matrix.rowBytes + 64)
  }

  /// Makes Q of the adapter's numbers as they are now.
  ///
  /// Throws `.memory`.
  func refresh(threads: Int, scratch: Buffer) throws(SVFTError) {
    let failure = Mutex<SVFTError?>(nil)
    let base = projection.weight.weight
    Parallel.run(threads: threads) { team in
      let mine = scratch.pointer + team.id * scratchBytes
      for chunk in team.share(of: base.rowChunks) {
        do throws(SVFTError) {
          try make(base.rows(ofChunk: chunk), scratch: mine)
        } catch {
          failure.withLock { $0 = $0 ?? error }
          return
        }
      }
    }
    latents.release()
    withExtendedLifetime(scratch) {}
    if let error = failure.withLock({ $0 }) { throw error }
  }

  private func make(
    _ rows: Range<Int>, scratch: UnsafeMutableRawPointer
  ) throws(SVFTError) {
    let base = projection.weight.weight
    let count = rows.count * base.columns
    let values = scratch.assumingMemoryBound(to: Float.self)
    let codes = scratch + (Weight.rowChunk * base.columns * MemoryLayout<Float>.stride + 63) & ~63
    base.copyRows(rows, into: codes)
    latents.fill(rows, codes: codes, into: values)
    try method.addDelta(projection, rows: rows, scale: scale, to: values)
    switch scales {
    case .frozen: base.format.kernels.recode(values, count: count, into: codes)
    case .recomputed: base.format.encode(values, count: count, into: codes)
    }
    weight.place(codes, rows: rows)
  }
}

extension Weight {
  /// The bytes of rows as files have them, one after the other.
  func copyRows(_ rows: Range<Int>, into target: UnsafeMutableRawPointer) {
    for (place, row) in rows.enumerated() {
      matrix.copyRow(row, into: target + place * matrix.rowBytes)
    }
  }

  /// Puts rows, as files have them, into this matrix, which is its writer's alone; `rows` are whole
  /// chunks.
  fileprivate func place(_ source: UnsafeRawPointer, rows: Range<Int>) {
    let target = bytes.pointer + rows.lowerBound * matrix.rowBytes
    guard matrix.arrangement == .strips else {
      target.copyMemory(from: source, byteCount: rows.count * matrix.rowBytes)
      return
    }
    Kernels.StoredMatrix(format, source, rows: rows.count, columns: columns)
      .packStrips(rows: 0..<rows.count, into: target)
  }
}
