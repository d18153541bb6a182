// SVFT: ΔW = c·U M Vᵀ with U, Vᵀ the singular vectors of the frozen W, and only the cells of M on a
//   sparsity pattern trained (c = 1, or the sigmoid of a trained gate).          arXiv 2405.19597
//
//   additive       y = W x + s·U(M(Vᵀ x))        materialised   y = (W + s·U M Vᵀ) x
//
// Per module n(2d+1) − d(d+1) parameters, n = min(out, in), d = 0 for the plain pattern. W may have
// any element format; U and V are those of what it decodes to. Saving and loading:
// SingularVectorMethod+File.swift.
import SVFTFormats
package import SVFTLayers
package import SVFTTensor

/// Singular-vectors-guided fine-tuning.
package final class SingularVectorMethod: AdapterMethod {
  package static let name = "svft"
  package static let fileType = "SVFT"
  package static let isAdditive = true

  let settings: Settings
  let sites: [SingularSite]
  package let standIns: [StandIn]
  private let position: [ObjectIdentifier: Int]
  /// Sites whose pattern still waits for gradients, by position.
  var waiting: [Int]
  /// Threads that recordings make materialised matrices with.
  private let threads: Int

  package init(_ options: AdapterOptions, _ sites: ModelSites, _ factors: FactorStore)
    throws(SVFTError)
  {
    let settings = try Settings(options)
    let projections = try sites.projections(settings.targets)
    let decomposed = try factors.factors(projections.map(\.weight))
    var made: [SingularSite] = []
    var position: [ObjectIdentifier: Int] = [:]
    var waiting: [Int] = []
    for (projection, factors) in zip(projections, decomposed) {
      let site = try during(projection.name) { () throws(SVFTError) in
        try SingularSite(projection, factors, settings)
      }
      guard let site else {
        Log.warn("\(projection.name): no two of its directions differ; nothing is trained there")
        continue
      }
      if site.coefficients == nil { waiting.append(made.count) }
      position[ObjectIdentifier(projection)] = made.count
      made.append(site)
    }
    guard !made.isEmpty else {
      throw SVFTError(.unsupported, "expected a target whose singular values differ, found none")
    }
    self.settings = settings
    standIns = try sites.standIns(options, beside: made.map(\.projection))
    self.sites = made
    self.position = position
    self.waiting = waiting
    threads = factors.threads
  }

  package var projections: [Projection] { sites.map(\.projection) }
  package var parameters: [Parameter] { sites.flatMap(\.parameters) }

  func site(_ projection: Projection) throws(SVFTError) -> SingularSite {
    guard let index = position[ObjectIdentifier(projection)] else {
      throw SVFTError(.internal, "libsvft is at fault: SVFT knows no module \(projection.name)")
    }
    return sites[index]
  }

  package func apply(_ place: Site, _ x: Value, _ graph: Graph) throws(SVFTError) -> Value {
    let site = try site(place.projection)
    guard let coefficients = site.coefficients else {
      guard graph.training, let scores = try scoring(site) else { return try place.base(x) }
      return try add(place, x, graph) { (z) throws(SVFTError) in
        try graph.linear(z, trained: scores)
      }
    }
    // A dense matrix replaces the frozen one, so nothing may lie beneath.
    let isLowest = place.projection.attachments.first?.adapter === self
    if isLowest, settings.resolved(rows: place.projection.rows, columns: x.width) == .materialised {
      let matrix = try site.materialised(coefficients, scale: place.scale, threads: threads)
      let y = graph.value(width: place.projection.rows)
      let z = graph.training ? graph.value(width: site.factors.order) : nil
      graph.record(MaterialisedProduct(x, y, z, matrix))
      return y
    }
    return try add(place, x, graph) { (z) throws(SVFTError) in
      let mixed = graph.value(width: z.width)
      graph.record(SparseMix(z, mixed, coefficients, scale: place.scale))
      return mixed
    }
  }

  /// W x + U·mix(Vᵀ x).
  private func add(
    _ place: Site, _ x: Value, _ graph: Graph, mix: (Value) throws(SVFTError) -> Value
  ) throws(SVFTError) -> Value {
    let factors = try site(place.projection).factors
    let base = try place.base(x)
    let z = try graph.linear(x, frozen: factors.right)  // [T, n]
    let delta = try graph.linear(try mix(z), frozen: factors.left)  // [T, out]
    return graph.add(base, delta)
  }

  package func refresh(threads: Int) {
    for site in sites { site.materialised?.refresh(threads: threads) }
  }

  package func addDelta(
    _ projection: Projection, rows: Range<Int>, scale: Float,
    to target: UnsafeMutablePointer<Float>
  ) throws(SVFTError) {
    let site = try site(projection)
    guard let coefficients = site.coefficients, !rows.isEmpty else { return }
    let scratch = try Buffer(
      byteCount: DeltaRows.scratchBytes(site.factors, rows: rows.count))
    defer { withExtendedLifetime(scratch) {} }
    DeltaRows(factors: site.factors, coefficients: coefficients).add(
      rows, scale: scale, to: target, scratch: scratch.pointer)
  }
}

/// SVFT on one projection.
final class SingularSite {
  let projection: Projection
  /// Those of the store, or a copy aligned with those that a loaded adapter was trained with.
  var factors: Factors
  /// M, and the gate; nil as long as the pattern waits for gradients.
  var coefficients: Coefficients?
  /// The trained values of M, also while the pattern waits.
  var matrix: Parameter
  let gate: Parameter?
  /// Whether each direction is left out because it cannot be told from others.
  let tied: [Bool]
  /// W', one for all recordings: those of training and of evaluation see the same numbers.
  fileprivate(set) var materialised: MaterialisedMatrix?
  /// The dense M whose gradient gives top-k its scores, while it is being collected.
  var scores: Parameter?

  /// Nil where no direction can be trained.
  init?(_ projection: Projection, _ factors: Factors, _ settings: SingularVectorMethod.Settings)
    throws(SVFTError)
  {
    let factors = try factors.truncated(settings.rank ?? .max)
    let tied = factors.tied()
    let free = tied.count { !$0 }
    let pattern = try Self.pattern(projection, factors, settings, tied)
    let count = pattern?.count ?? min(settings.budget(order: factors.order), free * free)
    guard count > 0 else { return nil }
    self.projection = projection
    self.factors = factors
    self.tied = tied
    gate =
      settings.hasGate
      ? try Parameter(
        "\(projection.name).svft_gate", rows: 1, columns: 1, shape: [1], decays: false)
      : nil
    matrix = try Self.matrix(projection, count: count)
    if settings.start == .kaiming {
      // Kaiming-normal over a 1 × count view: deviation √(2/count).
      var random = RandomSource(seed: settings.seed, purpose: "svft_M/\(projection.name)")
      let deviation = (2 / Double(count)).squareRoot()
      for index in 0..<count { matrix.values[index] = Float(deviation * random.normal()) }
    }
    coefficients = pattern.map { Coefficients($0, matrix, gate: gate) }
  }

  var parameters: [Parameter] { [matrix, gate].compactMap { $0 } }

  /// W' of the numbers at hand, made where there is none for this M and this scale.
  fileprivate func materialised(
    _ coefficients: Coefficients, scale: Float, threads: Int
  ) throws(SVFTError) -> MaterialisedMatrix {
    if let matrix = materialised, matrix.coefficients === coefficients,
      matrix.factors === factors, matrix.scale == scale,
      MemoryLedger.isRehearsing || !matrix.weight.bytes.isReserved
    {
      matrix.refresh(threads: threads)
      return matrix
    }
    let matrix = try MaterialisedMatrix(
      projection.weight.weight, factors, coefficients, scale: scale, threads: threads)
    materialised = matrix
    return matrix
  }

  /// The parameter that holds the values of `count` cells.
  static func matrix(_ projection: Projection, count: Int) throws(SVFTError) -> Parameter {
    try Parameter(
      "\(projection.name).svft_M", rows: 1, columns: count, shape: [count], decays: false)
  }

  /// The pattern, as far as it can be known without data.
  private static func pattern(
    _ projection: Projection, _ factors: Factors, _ settings: SingularVectorMethod.Settings,
    _ tied: [Bool]
  ) throws(SVFTError) -> SparsityPattern? {
    let order = factors.order
    let count = settings.budget(order: order)
    let pattern: SparsityPattern
    switch settings.pattern {
    case .plain, .banded:
      pattern = try .banded(order: order, halfBandwidth: settings.halfBandwidth)
    case .random:
      var source = RandomSource(
        seed: settings.seed, purpose: "svft_pattern/\(projection.name)")
      pattern =
        settings.keepsRepeats
        ? try .randomWithRepeats(order: order, count: count, &source)
        : try .random(order: order, count: count, &source)
    case .topk:
      guard settings.score == .alignment else { return nil }
      let scores = try factors.alignment(projection.weight)
      return try largest(scores, order: order, count: count, tied)
    }
    return tied.contains(true) ? try pattern.keeping { !tied[$0] } : pattern
  }

  /// The cells of largest score outside tied directions.
  static func largest(_ scores: Buffer, order: Int, count: Int, _ tied: [Bool])
    throws(SVFTError) -> SparsityPattern
  {
    let values = UnsafeBufferPointer(rebasing: scores.values(Float.self)[0..<order * order])
    return try withExtendedLifetime(scores) { () throws(SVFTError) in
      try .largest(order: order, count: count, scores: values, kept: tied.map { !$0 })
    }
  }
}
