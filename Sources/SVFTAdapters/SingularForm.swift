// How a module with SVFT is computed, and what that costs. All forms are the same adapter; they
// differ in memory, in speed and in rounding.
//
//                  output                                 multiply-adds of a row, trained
//   additive       W x + s·U M Vᵀ x                       2 + 2(1 + q)
//   one-sided      W(x + s·V Σ⁻¹ M Vᵀ x)      out ≥ in    2 + 4q
//                  z + s·U M Σ⁻¹ Uᵀ z, z = W x  out < in
//   factored       U(Σ + s·M)Vᵀ x                         2(1 + q)
//   materialised   (W + s·U M Vᵀ) x                       3 + q, and n for each optimiser step;
//                                                         2 + 2q with the solve (CoreSolver.swift)
//
// in units of W's numbers, q = n / max(out, in): arXiv 2405.19597 has the first; U = W V Σ⁻¹ and
// Vᵀ = Σ⁻¹ Uᵀ W give the second, which needs one square factor only.

/// A way to compute a module with SVFT.
package enum SingularForm: String, CaseIterable, Sendable {
  /// Exact start over any W.
  case additive
  /// Of U and V the smaller one alone, applied twice beside W. Exact start over any W.
  case oneSided = "one-sided"
  /// W is not read: at M = 0 the output equals W x up to the rounding of U Σ Vᵀ.
  case factored
  /// One dense F32 matrix, made anew after each optimiser step.
  case materialised

  /// Multiply-adds of one row with a module, and of one optimiser step.
  package struct Cost: Equatable, Sendable {
    package let perRow: Double
    package let perStep: Double

    /// Of so many rows that share one step.
    package func total(rows: Int) -> Double { perRow * Double(rows) + perStep }
  }

  /// What a module of this shape costs, in multiply-adds of F32.
  package func cost(
    _ shape: ModuleShape, training: Bool, _ speeds: ProductSpeeds = ProductSpeeds()
  ) -> Cost {
    let dense = Double(shape.rows) * Double(shape.columns)
    let base = dense / speeds.base
    let pair = Double(shape.order) * (Double(shape.rows) + Double(shape.columns)) / speeds.factors
    let square = Double(shape.order) * Double(min(shape.rows, shape.columns))
    // Forward; then the gradients of the input and, over the cells, of M.
    let passes: Double = training ? 2 : 1
    let mix = Double(shape.cells) * (training ? 3 : 1)
    return switch self {
    case .additive: Cost(perRow: passes * (base + pair) + mix, perStep: 0)
    case .oneSided:
      Cost(
        perRow: passes * (base + 2 * square / speeds.side + (speeds.sideIsApart ? dense : 0)) + mix,
        perStep: 0)
    case .factored: Cost(perRow: passes * pair + mix, perStep: 0)
    case .materialised:
      Cost(
        perRow: passes * dense / speeds.factors
          + (training ? sides(shape, pair, speeds) + mix / 3 : 0),
        perStep: Double(shape.order) * dense)
    }
  }
}

extension SingularForm {
  /// Both sides of M in the materialised form: two products, or one and a solve.
  private func sides(_ shape: ModuleShape, _ pair: Double, _ speeds: ProductSpeeds) -> Double {
    guard let half = shape.solvedBandwidth else { return pair }
    let order = Double(shape.order)
    return 2 * order * Double(min(shape.rows, shape.columns)) / speeds.factors
      + CoreSolver.cost(halfBandwidth: half) * order
  }
}

/// How many times as fast as in F32 the products of a module are.
package struct ProductSpeeds: Equatable, Sendable {
  /// Rate of BF16 products by that of F32 ones, measured on Zen 5 (860 against 476 GFLOP/s).
  static let ofBF16 = 1.8

  /// With W; with U and V, or the matrix made of them; with the one factor of the one-sided form.
  package var base = 1.0, factors = 1.0, side = 1.0
  /// Whether the one-sided form multiplies W once more, in F32 (OneSidedNoise.swift).
  package var sideIsApart = false

  package init() {}
}

/// What the cost of a module depends on.
package struct ModuleShape: Equatable, Sendable {
  /// Width of the output and of the input.
  package let rows, columns: Int
  /// Directions of the adapter, and its trained numbers.
  package let order, cells: Int
  /// Distance of cells from the diagonal where one side of the materialised form is solved for.
  package let solvedBandwidth: Int?

  package init(rows: Int, columns: Int, order: Int, cells: Int, solvedBandwidth: Int? = nil) {
    (self.rows, self.columns, self.order, self.cells) = (rows, columns, order, cells)
    self.solvedBandwidth = solvedBandwidth
  }
}

/// The steps that an adapter is used for, as far as it chooses by them how it computes.
package struct StepShape: Equatable, Sendable {
  /// Rows that share one optimiser step; nil where nothing is trained.
  package let rowsPerUpdate: Int?
  /// Whether there is no room for another matrix beside W and the factors.
  package let sparesMemory: Bool

  /// Training with so many rows (tokens of all micro-batches) for each update.
  package static func training(rowsPerUpdate: Int, sparesMemory: Bool = false) -> StepShape {
    StepShape(rowsPerUpdate: rowsPerUpdate, sparesMemory: sparesMemory)
  }

  /// Training before anything is known of its steps.
  package static let usualTraining = StepShape.training(rowsPerUpdate: 512)

  /// Inference.
  package static let inference = StepShape(rowsPerUpdate: nil, sparesMemory: false)

  var trains: Bool { rowsPerUpdate != nil }
}

/// Chooses the form of a module.
package struct FormPlanner {
  /// σ below this part of σ₁ cannot be divided by: rounding of the other factor would grow beyond
  /// the delta.
  static let steadyRatio = 1e-6

  private let step: StepShape

  package init(step: StepShape) { self.step = step }

  /// The cheapest of the forms that fit, the earlier one among equals.
  ///
  /// `isSteady`: W completes one factor from the other, without noise. `isWhole`: U Σ Vᵀ is W.
  /// Inference leaves W as it is: its own kernels, and nothing more in memory.
  package func form(
    _ shape: ModuleShape, isSteady: Bool, isWhole: Bool = true,
    _ speeds: ProductSpeeds = ProductSpeeds()
  ) -> SingularForm {
    func cost(_ form: SingularForm) -> Double {
      form.cost(shape, training: step.trains, speeds).total(rows: step.rowsPerUpdate ?? 1)
    }
    var candidates: [SingularForm] = [.additive]
    if isSteady { candidates.append(.oneSided) }
    if step.rowsPerUpdate != nil {
      if isWhole, shape.order == min(shape.rows, shape.columns) { candidates.append(.factored) }
      if !step.sparesMemory { candidates.append(.materialised) }
    }
    var best = candidates[0]
    for other in candidates.dropFirst() where cost(other) < cost(best) { best = other }
    return best
  }
}
