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
  private let notes: Notes?

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
    notes = try learned.map { (scales) throws(SVFTError) in
      try Notes(values: base.rows * base.columns, blocks: scales.count)
    }
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

  /// Bytes of latents, and of what they round to, of one chunk.
  private var floatBytes: Int {
    (Weight.rowChunk * weight.columns * MemoryLayout<Float>.stride + 63) & ~63
  }

  private var codeBytes: Int { (Weight.rowChunk * weight.matrix.rowBytes + 63) & ~63 }

  /// Bytes of scratch per member of a team: latents, what they round to, codes, what making the
  /// change takes.
  func scratchBytes() throws(SVFTError) -> Int {
    let change = try method.changeRows(projection)?.scratchBytes(rows: Weight.rowChunk) ?? 0
    return 2 * floatBytes + codeBytes + (change + 63) & ~63
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
    let rounded = (scratch + floatBytes).assumingMemoryBound(to: Float.self)
    let codes = scratch + 2 * floatBytes
    base.copyRows(rows, into: codes)
    latents.fill(rows, codes: codes, into: values)
    change?.add(rows, scale: scale, to: values, scratch: codes + codeBytes)
    switch scales {
    case .frozen: base.format.kernels.recode(values, count: count, into: codes)
    case .recomputed: base.format.encode(values, count: count, into: codes)
    case .learned:
      setScales(rows, of: codes)
      base.format.kernels.recode(values, count: count, into: codes)
      note(rows, values, codes, scratch: rounded)
    }
    weight.place(codes, rows: rows)
  }
}

extension RoundedWeight {
  /// The factor on a block's scale.
  private static func factor(_ p: Float) -> Float {
    let factor = 1 + LearnedScales.relativeStep * p
    return factor > 0.25 ? min(factor, 4) : 0.25
  }

  /// Gives rows of the checkpoint's codes the scales that are trained.
  private func setScales(_ rows: Range<Int>, of codes: UnsafeMutableRawPointer) {
    guard let learned, let notes else { return }
    let (kernels, blocks) = (weight.format.kernels, learned.weight.columns)
    for block in 0..<rows.count * blocks {
      let (place, index) = (codes + block * kernels.blockBytes, rows.lowerBound * blocks + block)
      let scale = kernels.scale(of: place)
      kernels.setScale(scale * Self.factor(learned.values[index]), of: place)
      notes.steps[index] = LearnedScales.relativeStep * scale
      notes.scales[index] = kernels.scale(of: place)
    }
  }

  /// Remembers how far each latent lies from what it was rounded to.
  private func note(
    _ rows: Range<Int>, _ latents: UnsafePointer<Float>, _ codes: UnsafeRawPointer,
    scratch: UnsafeMutablePointer<Float>
  ) {
    guard let learned, let notes else { return }
    let (blocks, columns) = (learned.weight.columns, weight.columns)
    let length = columns / blocks
    weight.format.decode(codes, count: rows.count * columns, into: scratch)
    for block in 0..<rows.count * blocks {
      let inverse = Notes.fineness / notes.scales[rows.lowerBound * blocks + block]
      for index in block * length..<(block + 1) * length {
        notes.offsets[rows.lowerBound * columns + index] = Notes.code(
          (scratch[index] - latents[index]) * inverse)
      }
    }
  }

  /// ∂Q/∂p of each value of some rows, dense.
  func slopes(_ rows: Range<Int>, into target: UnsafeMutablePointer<Float>) {
    guard let learned, let notes else { return }
    let (blocks, columns) = (learned.weight.columns, weight.columns)
    let length = columns / blocks
    weight.decode(rows: rows, into: target)
    for block in 0..<rows.count * blocks {
      let place = rows.lowerBound * blocks + block
      let (step, scale) = (notes.steps[place], notes.scales[place])
      for index in block * length..<(block + 1) * length {
        let offset = notes.offsets[rows.lowerBound * columns + index]
        if offset != Notes.clipped {
          target[index] = step * Float(offset) / Notes.fineness
        } else {
          target[index] = scale == 0 ? 0 : step * target[index] / scale
        }
      }
    }
  }
}

/// What is remembered of a rounding for the gradients of its scales.
private struct Notes {
  /// (Q − L)/S of each value in parts of `fineness`, or `clipped` where the code is at its end.
  let offsets: UnsafeMutableBufferPointer<Int8>
  /// κ·S₀ of each block.
  let steps: UnsafeMutableBufferPointer<Float>
  /// S of each block.
  let scales: UnsafeMutableBufferPointer<Float>
  private let buffers: [Buffer]

  static let clipped = Int8.min
  /// Half a step is 100.
  static let fineness: Float = 200

  /// Throws `.memory`.
  init(values: Int, blocks: Int) throws(SVFTError) {
    buffers = [
      try Buffer(byteCount: values), try Buffer(of: Float.self, count: blocks),
      try Buffer(of: Float.self, count: blocks),
    ]
    offsets = buffers[0].values()
    (steps, scales) = (buffers[1].values(), buffers[2].values())
  }

  /// What is no number counts as clipped.
  static func code(_ offset: Float) -> Int8 {
    offset > -101 && offset < 101 ? Int8(offset) : clipped
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
