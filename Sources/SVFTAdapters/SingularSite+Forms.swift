// The forms of one module, as they are recorded. All are made of the same few ops, so that their
// gradients are right where those of the ops are.
import SVFTFormats
import SVFTLayers
import SVFTTensor

extension SingularSite {
  /// What the planner knows the module by.
  var shape: ModuleShape {
    ModuleShape(
      rows: projection.rows, columns: projection.columns, order: factors.order,
      cells: matrix.count)
  }

  /// Takes the planner's form; returns whether it is another.
  @discardableResult
  func choose(_ planner: FormPlanner) -> Bool {
    let before = form
    // Factors are F32 whatever W is.
    let inBF16 =
      projection.weight.weight.format.toleratesBF16 && Kernels.hasBF16Instructions
      && Kernels.instructionSet >= .avx512bf16
    form = planner.form(
      shape, isSteady: isSteady, isWhole: areSingular, inBF16: inBF16)
    return form != before
  }

  /// The form asked for, or the additive one where it cannot be had here.
  func fitting(_ wanted: SingularForm?) -> SingularForm {
    switch wanted {
    case .oneSided where !isSteady: instead(of: .oneSided, "factors that W cannot complete")
    case .factored where !areSingular: instead(of: .factored, "factors that are not W's own")
    case .factored where factors.order < min(projection.rows, projection.columns):
      instead(of: .factored, "fewer directions than W has")
    default: wanted ?? .additive
    }
  }

  private func instead(of form: SingularForm, _ found: String) -> SingularForm {
    Log.warn("\(projection.name): no form \(form.rawValue) with \(found); it is additive")
    return .additive
  }

  /// The form, and multiply-adds of a row in it by those of W alone, trained and not.
  var plan: JSON.Object {
    let dense = Double(shape.rows) * Double(shape.columns)
    func relative(_ training: Bool) -> JSON {
      .number((form.cost(shape, training: training).perRow / dense * 1000).rounded() / 1000)
    }
    return JSON.Object([
      ("form", .string(form.rawValue)), ("directions", .integer(shape.order)),
      ("cells", .integer(shape.cells)), ("training_cost", relative(true)),
      ("inference_cost", relative(false)),
    ])
  }

  /// Whether W completes one factor from the other: they are its own, and every direction with
  /// cells can be divided by its σ.
  private var isSteady: Bool {
    guard areSingular else { return false }
    let limit = FormPlanner.steadyRatio * (factors.sigma.first ?? 0)
    return MemoryLedger.isRehearsing || zip(factors.sigma, tied).allSatisfy { $0 > limit || $1 }
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
    // Other forms than the additive one compute W themselves: nothing may lie beneath them.
    switch place.isLowest ? form : .additive {
    case .additive:
      return try add(place, x, graph) { (z) throws(SVFTError) in mixed(z) }
    case .oneSided where isTall:
      let z = mixed(try graph.linear(x, frozen: factors.right))  // M Vᵀ x
      let turned = try graph.scaleColumns(z, by: inverseSigmas())
      let change = try graph.transposedLinear(turned, frozen: factors.right)
      return try place.base(graph.add(x, change))
    case .oneSided:
      let base = try place.base(x)
      let z = try graph.transposedLinear(base, frozen: factors.left)  // Uᵀ W x = Σ Vᵀ x
      let turned = mixed(try graph.scaleColumns(z, by: inverseSigmas()))
      return graph.add(base, try graph.linear(turned, frozen: factors.left))
    case .factored:
      let z = try graph.linear(x, frozen: factors.right)
      let stretched = try graph.scaleColumns(z, by: sigmas())
      return try graph.linear(graph.add(stretched, mixed(z)), frozen: factors.left)
    case .materialised:
      let matrix = try materialised(coefficients, scale: place.scale, threads: threads)
      let y = graph.value(width: projection.rows)
      let z = graph.training ? graph.value(width: factors.order) : nil
      graph.record(MaterialisedProduct(x, y, z, matrix))
      return y
    }
  }

  /// W x + U·mix(Vᵀ x).
  func add(
    _ place: Site, _ x: Value, _ graph: Graph, mix: (Value) throws(SVFTError) -> Value
  ) throws(SVFTError) -> Value {
    let base = try place.base(x)
    let z = try graph.linear(x, frozen: factors.right)  // [T, n]
    let delta = try graph.linear(try mix(z), frozen: factors.left)  // [T, out]
    return graph.add(base, delta)
  }

  /// Rows of ΔW as the form at hand computes them.
  func delta(_ coefficients: Coefficients) throws(SVFTError) -> DeltaRows {
    let completion: DeltaRows.Completion? =
      form == .oneSided
      ? DeltaRows.Completion(weight: projection.weight.weight, inverse: try inverseSigmas())
      : nil
    return DeltaRows(factors: factors, coefficients: coefficients, completion: completion)
  }

  private var isTall: Bool { projection.rows >= projection.columns }

  /// σ of each direction, F32.
  private func sigmas() throws(SVFTError) -> Buffer {
    try directions { Float($0) }
  }

  /// 1/σ of each direction, F32; 0 where σ is too small and no cell uses it.
  private func inverseSigmas() throws(SVFTError) -> Buffer {
    let limit = FormPlanner.steadyRatio * (factors.sigma.first ?? 0)
    return try directions { $0 > limit ? Float(1 / $0) : 0 }
  }

  private func directions(_ number: (Double) -> Float) throws(SVFTError) -> Buffer {
    let buffer = try Buffer(of: Float.self, count: factors.order)
    guard !MemoryLedger.isRehearsing else { return buffer }
    let target = buffer.values(Float.self)
    for (index, sigma) in factors.sigma.enumerated() { target[index] = number(sigma) }
    return buffer
  }
}
