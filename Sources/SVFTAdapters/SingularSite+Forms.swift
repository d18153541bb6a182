// The forms of one module, as they are recorded. All are made of the same few ops, so that their
// gradients are right where those of the ops are.
import SVFTFormats
import SVFTLayers
import SVFTTensor

extension SingularSite {
  /// What the planner knows the module by.
  var shape: ModuleShape {
    ModuleShape(
      rows: projection.rows, columns: projection.columns, order: vectors.order,
      cells: matrix.count, solvedBandwidth: solvedBandwidth)
  }

  /// Distance of M's cells from its diagonal where the materialised form solves for one side.
  private var solvedBandwidth: Int? {
    guard areSingular, let pattern = coefficients?.pattern else { return nil }
    return CoreSolver.halfBandwidth(
      rows: projection.rows, columns: projection.columns, of: pattern)
  }

  /// What solves for one side of the materialised form, where U and V are W's and that pays.
  func solver(_ factors: Factors, _ coefficients: Coefficients) throws(SVFTError) -> CoreSolver? {
    guard let half = solvedBandwidth else { return nil }
    return try CoreSolver(
      factors.values.sigma, coefficients.pattern, halfBandwidth: half,
      isOfGradient: projection.rows > projection.columns, roundsToBF16: factors.trainsInBF16)
  }

  /// Takes the cheapest form for these steps; returns whether it is another.
  @discardableResult
  func choose(_ step: StepShape) -> Bool {
    let form = fitting(
      FormPlanner(step: step).form(
        shape, isSteady: isSteady && isQuiet, isWhole: areSingular, speeds(training: step.trains)))
    let place = step.trains ? \SingularSite.trainingForm : \SingularSite.restingForm
    defer { self[keyPath: place] = form }
    return self[keyPath: place] != form
  }

  /// How fast products are here: in BF16 W wherever it may be, in training factors too.
  private func speeds(training: Bool) -> ProductSpeeds {
    var speeds = ProductSpeeds()
    speeds.sideIsApart = isDelicate
    guard projection.weight.weight.format.toleratesBF16, Kernels.hasBF16Instructions,
      Kernels.instructionSet >= .avx512bf16
    else { return speeds }
    speeds.base = ProductSpeeds.ofBF16
    if training { speeds.factors = ProductSpeeds.ofBF16 }
    if training, roundsDirections || vectors.areRounded { speeds.side = ProductSpeeds.ofBF16 }
    return speeds
  }

  /// The form asked for, or the additive one where it cannot be had here. One factor alone has one
  /// form.
  func fitting(_ wanted: SingularForm?) -> SingularForm {
    if case .one = vectors { return .oneSided }
    guard keepsResidual else { return .factored }
    return switch wanted {
    case .oneSided where !isSteady: instead(of: .oneSided, "factors that W cannot complete")
    case .factored where !areSingular: instead(of: .factored, "factors that are not W's own")
    case .factored where vectors.order < min(projection.rows, projection.columns):
      instead(of: .factored, "fewer directions than W has")
    default: wanted ?? .additive
    }
  }

  private func instead(of form: SingularForm, _ found: String) -> SingularForm {
    Log.warn("\(projection.name): no form \(form.rawValue) with \(found); it is additive")
    return .additive
  }

  /// The forms, what of the factors is kept, and multiply-adds of a row by those of W alone. Those
  /// of training count by their speed beside a frozen product's.
  var plan: JSON.Object {
    let dense = Double(shape.rows) * Double(shape.columns)
    func rounded(_ value: Double) -> JSON { .number((value * 1000).rounded() / 1000) }
    var speeds = ProductSpeeds()
    speeds.sideIsApart = isDelicate
    let resting = restingForm.cost(shape, training: false, speeds)
    speeds = self.speeds(training: true)
    let training = trainingForm.cost(shape, training: true, speeds)
    var plan = JSON.Object([
      ("form", .string(restingForm.rawValue)), ("training_form", .string(trainingForm.rawValue)),
      ("directions", .integer(shape.order)), ("cells", .integer(shape.cells)),
      ("training_cost", rounded(training.perRow * speeds.base / dense)),
      ("step_cost", rounded(training.perStep * speeds.base / dense)),
      ("inference_cost", rounded(resting.perRow / dense)),
      ("factor_bytes", .integer(vectors.byteCount)),
    ])
    if case .one(let factors) = vectors {
      plan["factors"] = .string(factors.format.name.lowercased())
      plan["exact_directions"] = .integer(factors.exactCount)
    }
    plan["left_out"] = .integer(tied.count { $0 })
    return plan
  }

  /// Whether W completes one factor from the other: they are its own, and every direction with
  /// cells can be divided by its σ.
  private var isSteady: Bool {
    switch vectors {
    case .both(let factors): areSingular && factors.isSteady
    case .one: true
    }
  }

  /// Records the module without bias.
  func record(
    _ place: Site, _ x: Value, _ coefficients: Coefficients, _ graph: Graph, threads: Int
  ) throws(SVFTError) -> Value {
    func mixed(_ z: Value) -> Value {
      let y = graph.value(width: z.width)
      graph.record(SparseMix(z, y, coefficients, scale: place.scale))
      return y
    }
    let form = graph.training ? trainingForm : restingForm
    guard keepsResidual || place.isLowest else { throw residualBeneath }
    guard case .both(let factors) = vectors, form != .oneSided || !place.isLowest else {
      return try addCompleted(place, x, graph, mixed)
    }
    // Other forms than the additive one compute W themselves: nothing may lie beneath them.
    switch place.isLowest ? form : .additive {
    case .additive, .oneSided:
      return try add(place, x, graph) { (z) throws(SVFTError) in mixed(z) }
    case .factored:
      let z = try graph.linear(x, frozen: factors.right)
      let stretched = try graph.scaleColumns(z, by: factors.values.buffer { Float($0) })
      return try graph.linear(graph.add(stretched, mixed(z)), frozen: factors.left)
    case .materialised:
      let matrix = try materialised(factors, coefficients, scale: place.scale, threads: threads)
      let y = graph.value(width: projection.rows)
      let z = graph.training ? graph.value(width: factors.order) : nil
      graph.record(MaterialisedProduct(x, y, z, matrix))
      return y
    }
  }

  /// W(x + V̂ D⁻¹ M V̂ᵀ x), or z + Û M D⁻¹ Ûᵀ z with z = W x. Above other adapters, and where the
  /// base's product would drown it, the change is made from x by a product with W of its own.
  /// Elsewhere training rounds the directions too: v̂ rounded errs in the change as x rounded does.
  private func addCompleted(
    _ place: Site, _ x: Value, _ graph: Graph, _ mix: (Value) throws(SVFTError) -> Value
  ) throws(SVFTError) -> Value {
    let side = try side()
    let stored = projection.weight.weight
    let weight = isDelicate ? try stored.exactly() : stored
    let directions =
      roundsDirections ? try side.directions.roundedInTraining() : side.directions
    if side.isRight {
      let z = try mix(try graph.inward(x, directions))  // M V̂ᵀ x
      let turned = try graph.scaleColumns(z, by: side.inverse)
      let change = try graph.outward(turned, directions)
      if place.isLowest, !isDelicate { return try place.base(graph.add(x, change)) }
      return graph.add(try place.base(x), try graph.linear(change, frozen: weight))
    }
    let base = try place.base(x)
    // Rounding x alone does no harm here: Uᵀ W makes it D Vᵀ x again.
    let isShared = place.isLowest && !(isDelicate && graph.training)
    let product = isShared ? base : try graph.linear(x, frozen: weight)
    let turned = graph.canonical(product, side.rowOrder)
    let z = try graph.inward(turned, directions)  // Ûᵀ W x = D V̂ᵀ x
    let mixed = try mix(try graph.scaleColumns(z, by: side.inverse))
    let change = try graph.outward(mixed, directions)
    return graph.add(base, graph.stored(change, side.rowOrder))
  }

  private func side() throws(SVFTError) -> OneSide {
    guard let side = try vectors.side() else {
      throw SVFTError(
        .internal, "libsvft is at fault: \(projection.name) is computed from one unsteady factor")
    }
    return side
  }

  /// W x + U·mix(Vᵀ x).
  func add(
    _ place: Site, _ x: Value, _ graph: Graph, mix: (Value) throws(SVFTError) -> Value
  ) throws(SVFTError) -> Value {
    guard case .both(let factors) = vectors else {
      return try addCompleted(place, x, graph, mix)
    }
    let base = try place.base(x)
    let z = try graph.linear(x, frozen: factors.right)  // [T, n]
    return try graph.linear(try mix(z), frozen: factors.left, addedTo: base)  // [T, out]
  }

  private var residualBeneath: SVFTError {
    SVFTError(
      .internal, "libsvft is at fault: \(projection.name) is cut to a rank above other adapters")
  }

  /// Rows of ΔW as inference computes them.
  func delta(_ coefficients: Coefficients) throws(SVFTError) -> any ChangeRows {
    if !keepsResidual, case .both(let factors) = vectors {
      return TruncatedRows(factors, coefficients, base: projection.weight.weight)
    }
    if case .both(let factors) = vectors, restingForm != .oneSided {
      return DeltaRows(.both(factors), coefficients)
    }
    return DeltaRows(.completed(try side(), projection.weight.weight), coefficients)
  }
}
