// The matrix of one module as a merged file will have it: latent plus change, rounded in the
// checkpoint's own format and arrangement, so that kernels see the very bytes that a file gives
// them. Made anew after each optimiser step, some rows at a time on each member of a team.
import SVFTLayers
import SVFTTensor

/// Q = q(latent + c·ΔW) of one projection.
final class RoundedWeight: RoundedMatrix {
  let projection: Projection
  /// Q, in the arrangement of the checkpoint's matrix.
  let weight: Weight
  private let method: any AdapterMethod
  private let scale: Float
  private let latents: any LatentRows
  private let scales: QuantizationAwareness.Scales
  /// p of each block, where scales are trained.
  private let learned: Parameter?
  /// S₀/S of each block, where scales are trained.
  private let inverses: Buffer

  /// Allocates Q; `refresh` makes it.
  ///
  /// Throws `.memory`.
  init(
    _ projection: Projection, _ method: any AdapterMethod, scale: Float, _ latents: any LatentRows,
    _ scales: QuantizationAwareness.Scales, _ learned: Parameter?
  ) throws(SVFTError) {
    self.learned = learned
    self.projection = projection
    self.method = method
    self.scale = scale
    self.latents = latents
    self.scales = scales
    let base = projection.weight.weight
    inverses = try Buffer(of: Float.self, count: learned?.count ?? 0)
    weight = try Weight(
      format: base.format, rows: base.rows, columns: base.columns,
      bytes: Buffer(byteCount: base.bytes.byteCount),
      arrangement: base.comesIntoStrips ? .strips : .rows)
  }

  func shadow(_ path: Value, _ x: Value, _ graph: Graph) -> Value {
    guard let learned else { return path }
    let y = graph.value(width: path.width)
    graph.record(ScaleGradient(path, x, y, self, learned))
    return y
  }

  /// Bytes of latents of one chunk.
  private var floatBytes: Int {
    (Weight.rowChunk * weight.columns * MemoryLayout<Float>.stride + 63) & ~63
  }

  private var codeBytes: Int { (Weight.rowChunk * weight.matrix.rowBytes + 63) & ~63 }

  /// Bytes of scratch per member of a team: latents, codes, what making the change takes.
  func scratchBytes() throws(SVFTError) -> Int {
    let change = try method.changeRows(projection)?.scratchBytes(rows: Weight.rowChunk) ?? 0
    return floatBytes + codeBytes + (change + 63) & ~63
  }

  /// Makes Q of the adapter's numbers as they are now; `scratch` has `scratchBytes()` for each of
  /// `threads`.
  ///
  /// Throws `.memory`.
  func refresh(threads: Int, scratch: Buffer) throws(SVFTError) {
    let change = try method.changeRows(projection)
    let bytes = try scratchBytes()
    latents.prepare()
    Parallel.run(threads: threads) { team in
      let mine = scratch.pointer + team.id * bytes
      for chunk in team.share(of: weight.rowChunks) {
        make(weight.rows(ofChunk: chunk), change, scratch: mine)
      }
    }
    latents.release()
    withExtendedLifetime((scratch, change)) {}
  }

  private func make(
    _ rows: Range<Int>, _ change: (any ChangeRows)?, scratch: UnsafeMutableRawPointer
  ) {
    let base = projection.weight.weight
    let count = rows.count * base.columns
    let values = scratch.assumingMemoryBound(to: Float.self)
    let codes = scratch + floatBytes
    base.copyRows(rows, into: codes)
    latents.fill(rows, codes: codes, into: values)
    change?.add(rows, scale: scale, to: values, scratch: codes + codeBytes)
    switch scales {
    case .frozen, .learned: base.format.kernels.recode(values, count: count, into: codes)
    case .recomputed: base.format.encode(values, count: count, into: codes)
    }
    changeScales(rows, of: codes)
    weight.place(codes, rows: rows)
  }
}

extension RoundedWeight {
  /// Gives rows of codes the scales that are trained.
  private func changeScales(_ rows: Range<Int>, of codes: UnsafeMutableRawPointer) {
    guard let learned else { return }
    let (kernels, blocks) = (weight.format.kernels, learned.weight.columns)
    for block in 0..<rows.count * blocks {
      let (place, index) = (codes + block * kernels.blockBytes, rows.lowerBound * blocks + block)
      let scale = kernels.scale(of: place)
      kernels.setScale(scale * LearnedScales.factor(learned.values[index]), of: place)
      let changed = kernels.scale(of: place)
      inverses.values(Float.self)[index] = changed == 0 ? 0 : scale / changed
    }
  }

  /// Adds ∂loss/∂p of the blocks of some rows, where `d` is ∂loss/∂Q of these rows, dense;
  /// `scratch` takes as many numbers.
  func addGradients(
    _ rows: Range<Int>, _ d: UnsafePointer<Float>, scratch: UnsafeMutablePointer<Float>
  ) {
    guard let learned else { return }
    let blocks = learned.weight.columns
    let length = weight.columns / blocks
    weight.decode(rows: rows, into: scratch)
    for block in 0..<rows.count * blocks {
      var sum: Float = 0
      for index in block * length..<(block + 1) * length { sum += d[index] * scratch[index] }
      let place = rows.lowerBound * blocks + block
      learned.gradients[place] += sum * inverses.values(Float.self)[place]
    }
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
