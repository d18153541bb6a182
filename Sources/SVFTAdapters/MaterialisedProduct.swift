// The adapted product with one dense F32 matrix W' = W + s·c·U M Vᵀ, made anew after each optimiser
// step:
//
//   y = W' x     dx = W'ᵀ g     dM_ij += s·c·Σ_t (Uᵀ g)_i (Vᵀ x)_j
//
// Cheaper than the additive form where many rows share one step (n/T of a product per row instead
// of a second pair of factors), dearer in memory by one F32 matrix. Only z = Vᵀ x [T, n] is kept.
import SVFTLayers
import SVFTTensor

/// y = W' x with W' derived from trained coefficients.
final class MaterialisedProduct: Op {
  private let x: Value
  private let y: Value
  /// Vᵀ x: made and kept for the gradient of M where the graph trains; nil elsewhere.
  private let z: Value?
  private let matrix: MaterialisedMatrix

  init(_ x: Value, _ y: Value, _ z: Value?, _ matrix: MaterialisedMatrix) {
    self.x = x
    self.y = y
    self.z = z
    self.matrix = matrix
  }

  var reads: [Value] { [x] }
  var writes: [Value] { [y, z].compactMap { $0 } }
  var keeps: [Value] { [z].compactMap { $0 } }
  var parameters: [Parameter] { matrix.coefficients.parameters }
  var memberScratch: Int {
    [matrix.weight, matrix.factors.left, matrix.factors.right].map(\.scratchBytes).max() ?? 0
  }
  /// Turned panels first, then Uᵀ g [rows, n].
  func sharedScratch(rows: Int) -> Int {
    z == nil ? 0 : panelBytes(rows) + rows * matrix.factors.order * 4
  }

  private func panelBytes(_ rows: Int) -> Int {
    SparseProduct.sharedScratch(order: matrix.factors.order, rows: rows)
  }

  func products(_ run: Run) -> (forward: Int, backward: Int) {
    let dense = run.rows * matrix.weight.rows * matrix.weight.columns
    let factors = (matrix.factors.left, matrix.factors.right)
    let (inward, outward) = (
      z == nil ? 0 : run.rows * factors.1.rows * factors.1.columns,
      run.rows * (factors.0.rows * factors.0.columns + matrix.coefficients.pattern.count)
    )
    return (dense + inward, (run.target(0) == nil ? 0 : dense) + outward)
  }

  func forward(_ run: Run) {
    multiply(matrix.weight, run.pointer(x), into: run.pointer(y), run)
    if let z { multiply(matrix.factors.right, run.pointer(x), into: run.pointer(z), run) }
  }

  private func multiply(
    _ weight: Weight, _ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>, _ run: Run
  ) {
    weight.matrix(in: run.batch).product(
      rows: weight.rows(of: run.team), x, tokens: run.rows, into: y, ldy: weight.rows,
      scratch: run.scratch)
  }

  func backward(_ run: Run) {
    guard let g = run.gradient(y), let z else { return }
    if let dx = run.target(0) {
      multiplyTransposed(matrix.weight, g, into: dx.pointer, accumulate: dx.accumulate, run)
    }
    let rotated = (run.sharedScratch + panelBytes(run.rows)).assumingMemoryBound(to: Float.self)
    multiplyTransposed(matrix.factors.left, g, into: rotated, accumulate: false, run)
    run.team.barrier()
    matrix.coefficients.accumulateGradient(
      rotated, run.pointer(z), scale: matrix.scale, tokens: run.rows, team: run.team,
      scratch: run.sharedScratch)
  }

  private func multiplyTransposed(
    _ weight: Weight, _ g: UnsafePointer<Float>, into target: UnsafeMutablePointer<Float>,
    accumulate: Bool, _ run: Run
  ) {
    weight.matrix(in: run.batch).transposedProduct(
      columns: weight.columns(of: run.team), g, ldg: weight.rows, tokens: run.rows, into: target,
      ldx: weight.columns, Kernels.Update(accumulate: accumulate), scratch: run.scratch)
  }
}

/// W' of one projection, with what it is made of.
final class MaterialisedMatrix {
  let weight: Weight
  let factors: Factors
  let coefficients: Coefficients
  let scale: Float
  private let base: Weight
  private let delta: DeltaRows
  private let scratchBytes: Int
  private let scratch: Buffer
  private let teamLimit: Int
  /// Rows that one member makes at a time.
  private static let chunk = 16

  /// Allocates W' and makes it.
  ///
  /// Throws `.memory`.
  init(
    _ base: Weight, _ factors: Factors, _ coefficients: Coefficients, scale: Float, threads: Int
  ) throws(SVFTError) {
    self.base = base
    self.factors = factors
    self.coefficients = coefficients
    self.scale = scale
    let count = try Checked.product(base.rows, base.columns, "a materialised matrix")
    weight = try Weight(
      format: ElementFormats.f32, rows: base.rows, columns: base.columns,
      bytes: Buffer(of: Float.self, count: count), trainsInBF16: factors.trainsInBF16)
    delta = DeltaRows(.both(factors), coefficients)
    scratchBytes = delta.scratchBytes(rows: Self.chunk)
    teamLimit = max(1, threads)
    scratch = try Buffer(
      byteCount: Checked.product(teamLimit, scratchBytes, "scratch of a materialised matrix"))
    refresh(threads: threads)
  }

  /// Makes W' from the coefficients as they are now.
  ///
  /// Allocates nothing.
  func refresh(threads: Int) {
    let target = weight.bytes.values(Float.self)
    guard !MemoryLedger.isRehearsing, let target = target.baseAddress else { return }
    Parallel.run(threads: min(threads, teamLimit)) { team in
      for chunk in team.share(of: (base.rows + Self.chunk - 1) / Self.chunk) {
        let rows = chunk * Self.chunk..<min(base.rows, (chunk + 1) * Self.chunk)
        let place = target + rows.lowerBound * base.columns
        base.decode(rows: rows, into: place)
        delta.add(
          rows, scale: scale, to: place, scratch: scratch.pointer + team.id * scratchBytes)
      }
    }
  }
}
