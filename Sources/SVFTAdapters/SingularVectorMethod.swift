// SVFT: ΔW = c·U M Vᵀ with U, Vᵀ the singular vectors of the frozen W, and only the cells of M on a
//   sparsity pattern trained (c = 1, or the sigmoid of a trained gate).          arXiv 2405.19597
//
//   y = W x + s·U(M(Vᵀ x))        or one of its other forms: SingularForm.swift
//
// Per module n(2d+1) − d(d+1) parameters, n = min(out, in), d = 0 for the plain pattern. W may have
// any element format; U and V are those of what it decodes to. Saving and loading:
// SingularVectorMethod+File.swift.
package import SVFTFormats
package import SVFTLayers
package import SVFTTensor

/// Singular-vectors-guided fine-tuning.
package final class SingularVectorMethod: AdapterMethod {
  package static let name = "svft"
  package static let fileType = "SVFT"
  package static let isAdditive = true
  package var addsOnly: Bool { settings.keepsResidual }

  let settings: Settings
  /// Where its vectors come from.
  let store: FactorStore
  let sites: [SingularSite]
  package let standIns: [StandIn]
  private let position: [ObjectIdentifier: Int]
  /// Sites whose pattern still waits for gradients, by position.
  var waiting: [Int]
  /// Threads that recordings make materialised matrices with, and changes are taken with.
  let threads: Int

  package init(_ options: AdapterOptions, _ sites: ModelSites, _ factors: FactorStore)
    throws(SVFTError)
  {
    let settings = try Settings(options)
    let projections = try sites.projections(settings.targets)
    let slots = projections.map(\.weight)
    let decomposed = try factors.vectors(slots, firstOf: settings.wishes)
    var made: [SingularSite] = []
    var position: [ObjectIdentifier: Int] = [:]
    var waiting: [Int] = []
    for (projection, vectors) in zip(projections, decomposed) {
      let site = try during(projection.name) { () throws(SVFTError) in
        try SingularSite(projection, vectors, settings, sites.patterns)
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
    store = factors
    standIns = try sites.standIns(options, beside: made.map(\.projection))
    self.sites = made
    self.position = position
    self.waiting = waiting
    threads = factors.threads
    describeLosses()
  }

  /// Says what of the adapter rounded factors leave out.
  private func describeLosses() {
    guard settings.factorFormat != nil else { return }
    let (all, lost) = sites.reduce(into: (0, 0)) {
      $0.0 += $1.vectors.order
      $0.1 += $1.tied.count { $0 }
    }
    guard lost > 0 else { return }
    Log.warn("\(lost) of \(all) singular directions have no cells: W cannot complete them")
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
      return try site.add(place, x, graph) { (z) throws(SVFTError) in
        try graph.linear(z, trained: scores)
      }
    }
    return try site.record(place, x, coefficients, graph, threads: threads)
  }

  package func expect(_ step: StepShape) -> Change {
    guard settings.form == nil else { return .nothing }
    var changed = false
    for site in sites where site.choose(step) { changed = true }
    return changed ? .graph : .nothing
  }

  package var plan: JSON.Object {
    JSON.Object(sites.map { (key: $0.projection.name, value: .object($0.plan)) })
  }

  package func refresh(threads: Int) {
    for site in sites { site.materialised?.refresh(threads: threads) }
  }

  package func changeRows(_ projection: Projection) throws(SVFTError) -> (any ChangeRows)? {
    let site = try site(projection)
    guard let coefficients = site.coefficients else { return nil }
    return try site.delta(coefficients)
  }
}
