// The adapted product with one dense F32 matrix W' = W + s·c·U M Vᵀ, made anew after each optimiser
// step:
//
//   y = W' x     dx = W'ᵀ g     dM_ij += s·c·Σ_t (Uᵀ g)_i (Vᵀ x)_j
//
// Cheaper than the additive form where many rows share one step (n/T of a product per row instead
// of a second pair of factors), dearer in memory by one F32 matrix. Only z = Vᵀ x [T, n] is kept.
// Of rectangles with a banded M one of Uᵀ g and Vᵀ x is solved for instead (CoreSolver.swift).
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
    let products = [matrix.weight, matrix.factors.left, matrix.factors.right].map(\.scratchBytes)
    let solving = matrix.solver == nil ? 0 : CoreSolver.memberScratch(order: matrix.factors.order)
    return max(solving, products.max() ?? 0)
  }
  /// Turned panels first, then Uᵀ g [rows, n], then this product's own dx where Uᵀ g comes of it.
  func sharedScratch(rows: Int) -> Int {
    guard z != nil else { return 0 }
    let own = matrix.solver?.isOfGradient == true ? rows * matrix.weight.columns : 0
    return panelBytes(rows) + (rows * matrix.factors.order + own) * MemoryLayout<Float>.stride
  }

  private func panelBytes(_ rows: Int) -> Int {
    SparseProduct.sharedScratch(order: matrix.factors.order, rows: rows)
  }

  func products(_ run: Run) -> (forward: Int, backward: Int) {
    let dense = run.rows * matrix.weight.rows * matrix.weight.columns
    let order = run.rows * matrix.factors.order
    // A solve reads the other side of W'.
    let inward = order * (solves(.forward) ? matrix.weight.rows : matrix.weight.columns)
    let outward = order * (solves(.backward) ? matrix.weight.columns : matrix.weight.rows)
    let cells = run.rows * matrix.coefficients.pattern.count
    return (
      dense + (z == nil ? 0 : inward), (run.target(0) == nil ? 0 : dense) + outward + cells
    )
  }

  private enum Direction { case forward, backward }

  /// Whether this direction's factor is solved for, with the numbers M has now.
  private func solves(_ direction: Direction) -> Bool {
    guard let solver = matrix.solver, solver.isUsable else { return false }
    return solver.isOfGradient == (direction == .backward)
  }

  func forward(_ run: Run) {
    multiply(matrix.weight, run.pointer(x), into: run.pointer(y), run)
    guard let z else { return }
    guard let solver = matrix.solver, solves(.forward) else {
      return multiply(matrix.factors.right, run.pointer(x), into: run.pointer(z), run)
    }
    run.team.barrier()
    multiplyTransposed(
      matrix.factors.left, run.pointer(y), into: run.pointer(z), accumulate: false, run)
    run.team.barrier()
    solver.solve(run.pointer(z), tokens: run.rows, team: run.team, scratch: run.scratch)
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
    let rotated = (run.sharedScratch + panelBytes(run.rows)).assumingMemoryBound(to: Float.self)
    let target = run.target(0)
    if let solver = matrix.solver, let target, solves(.backward) {
      rotateBySolving(solver, g, target, into: rotated, run)
    } else {
      if let target {
        multiplyTransposed(
          matrix.weight, g, into: target.pointer, accumulate: target.accumulate, run)
      }
      multiplyTransposed(matrix.factors.left, g, into: rotated, accumulate: false, run)
    }
    run.team.barrier()
    matrix.coefficients.accumulateGradient(
      rotated, run.pointer(z), scale: matrix.scale, tokens: run.rows, team: run.team,
      scratch: run.sharedScratch)
  }

  /// dx (+)= W'ᵀ g, and Uᵀ g = C⁻ᵀ Vᵀ W'ᵀ g.
  private func rotateBySolving(
    _ solver: CoreSolver, _ g: UnsafePointer<Float>, _ target: GradientTarget,
    into rotated: UnsafeMutablePointer<Float>, _ run: Run
  ) {
    let width = matrix.weight.columns
    let own = target.accumulate ? rotated + run.rows * matrix.factors.order : target.pointer
    multiplyTransposed(matrix.weight, g, into: own, accumulate: false, run)
    run.team.barrier()
    if target.accumulate {
      let span = run.team.span(of: run.rows)
      Kernels.add(
        target.pointer + span.lowerBound * width, own + span.lowerBound * width,
        into: target.pointer + span.lowerBound * width, count: span.count * width)
    }
    multiply(matrix.factors.right, own, into: rotated, run)
    run.team.barrier()
    solver.solve(rotated, tokens: run.rows, team: run.team, scratch: run.scratch)
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
  /// Gives one side of a recording that trains where that is cheaper; nil where it is not.
  let solver: CoreSolver?
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
    _ base: Weight, _ factors: Factors, _ coefficients: Coefficients, scale: Float, threads: Int,
    solver: CoreSolver? = nil
  ) throws(SVFTError) {
    self.base = base
    self.solver = solver
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
    solver?.refresh(coefficients.matrix.values, scale: scale * coefficients.gateValue)
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
