// The op between the two factors: y = s·c·M x for every row, M sparse and trained, s fixed, and c =
// 1 or the sigmoid of a trained gate γ (the authors' original start).
//
//   dx = s·c·Mᵀ g    dM_ij += s·c·Σ_t g_i x_j    dγ += (1 − c)·Σ_ij M_ij·(this step's dM_ij)
//
// x is kept. The arithmetic is SparseProduct's.
import SVFTLayers
import SVFTTensor

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// y = s · c · M x.
final class SparseMix: Op {
  private let x: Value
  private let y: Value
  private let coefficients: Coefficients
  private let scale: Float

  init(_ x: Value, _ y: Value, _ coefficients: Coefficients, scale: Float) {
    self.x = x
    self.y = y
    self.coefficients = coefficients
    self.scale = scale
  }

  var reads: [Value] { [x] }
  var writes: [Value] { [y] }
  var keeps: [Value] { [x] }
  var parameters: [Parameter] { coefficients.parameters }
  var memberScratch: Int { SparseProduct.memberScratch(order: coefficients.pattern.order) }
  func sharedScratch(rows: Int) -> Int {
    SparseProduct.sharedScratch(order: coefficients.pattern.order, rows: rows)
  }

  func products(_ run: Run) -> (forward: Int, backward: Int) {
    let all = run.rows * coefficients.pattern.count
    return (all, run.target(0) == nil ? all : 2 * all)
  }

  func forward(_ run: Run) {
    coefficients.product.product(
      run.pointer(x), into: run.pointer(y), transposed: false,
      scale: scale * coefficients.gateValue, accumulate: false, tokens: run.rows, team: run.team,
      scratch: run.scratch)
  }

  func backward(_ run: Run) {
    guard let g = run.gradient(y) else { return }
    if let dx = run.target(0) {
      coefficients.product.product(
        g, into: dx.pointer, transposed: true, scale: scale * coefficients.gateValue,
        accumulate: dx.accumulate, tokens: run.rows, team: run.team, scratch: run.scratch)
    }
    coefficients.accumulateGradient(
      g, run.pointer(x), scale: scale, tokens: run.rows, team: run.team,
      scratch: run.sharedScratch)
  }
}

/// The trained numbers of one module: M on its pattern, and the gate where there is one.
final class Coefficients {
  let pattern: SparsityPattern
  let matrix: Parameter
  let gate: Parameter?

  init(_ pattern: SparsityPattern, _ matrix: Parameter, gate: Parameter?) {
    self.pattern = pattern
    self.matrix = matrix
    self.gate = gate
  }

  var parameters: [Parameter] { [matrix, gate].compactMap { $0 } }
  /// M as a matrix that multiplies.
  var product: SparseProduct { SparseProduct(pattern: pattern, values: matrix.values) }

  /// What M is multiplied with: the sigmoid of the gate, or 1.
  var gateValue: Float {
    guard let gate else { return 1 }
    return Float(1 / (1 + exp(-Double(gate.values[0]))))
  }

  /// Adds dM and dγ for outputs' gradient `g` and inputs `x`, both [tokens, n].
  func accumulateGradient(
    _ g: UnsafePointer<Float>, _ x: UnsafePointer<Float>, scale: Float, tokens: Int, team: Team,
    scratch: UnsafeMutableRawPointer
  ) {
    let open = gateValue
    // dγ needs what this step adds to dM, so the sums before and after are compared by one member.
    let before = gate == nil || team.id != 0 ? 0 : weightedGradient
    if gate != nil { team.barrier() }
    product.accumulateGradient(
      g, x, scale: scale * open, tokens: tokens, into: matrix.gradients, team: team,
      scratch: scratch)
    guard let gate, team.id == 0 else { return }
    gate.gradients[0] += Float(Double(1 - open) * (weightedGradient - before))
  }

  /// Σ M_ij·dM_ij over what has been accumulated so far.
  private var weightedGradient: Double {
    zip(matrix.values, matrix.gradients).reduce(0) { $0 + Double($1.0) * Double($1.1) }
  }
}
