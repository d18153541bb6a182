// LoRA: ΔW = s·B A with A [r, in] and B [out, r] trained, s = α/r (α/√r with use_rslora).
//
//   y = W x + s·B(A·dropout(x))      r·(in + out) parameters per module      arXiv 2106.09685
//
// A starts from U(−1/√in, 1/√in) ("kaiming") or N(0, 1/r²) ("gaussian"), B from zero, so a fresh
// adapter changes nothing. Files are PEFT's: LoRA+File.swift.
import SVFTFormats
package import SVFTLayers
package import SVFTTensor

/// Low-rank adaptation.
package final class LoRA: AdapterMethod {
  package static let name = "lora"
  package static let fileType = "LORA"
  package static let isAdditive = true

  /// The two factors on one projection.
  struct Factors {
    let projection: Projection
    let a: Parameter
    /// Rows as the projection's weight stores them.
    let b: Parameter
    let scale: Float
  }

  let settings: Settings
  let sites: [Factors]
  package let standIns: [StandIn]
  private let position: [ObjectIdentifier: Int]

  package init(_ options: AdapterOptions, _ sites: ModelSites, _ factors: FactorStore)
    throws(SVFTError)
  {
    settings = try Settings(options)
    var made: [Factors] = []
    var position: [ObjectIdentifier: Int] = [:]
    for projection in try sites.projections(settings.targets) {
      position[ObjectIdentifier(projection)] = made.count
      made.append(try Self.factors(projection, settings, seed: options.seed))
    }
    try Self.requireUse(of: options.object, by: made.map(\.projection.name))
    standIns = try sites.standIns(options, beside: made.map(\.projection))
    self.sites = made
    self.position = position
  }

  private static func factors(_ projection: Projection, _ settings: Settings, seed: UInt64)
    throws(SVFTError) -> Factors
  {
    let (name, inner) = (projection.name, projection.columns)
    let (rank, alpha) = settings.rank(projection.name)
    let a = try Parameter("\(name).lora_A.weight", rows: rank, columns: inner)
    let b = try Parameter("\(name).lora_B.weight", rows: projection.rows, columns: rank)
    var random = RandomSource(seed: seed, purpose: "lora/\(name)")
    let bound = 1 / Float(inner).squareRoot()
    for index in MemoryLedger.isRehearsing ? 0..<0 : a.values.indices {
      a.values[index] =
        switch settings.start {
        case .kaiming: random.uniform(-bound, bound)
        case .gaussian: Float(random.normal() / Double(rank))
        }
    }
    let divisor = settings.usesRootRank ? Double(rank).squareRoot() : Double(rank)
    return Factors(projection: projection, a: a, b: b, scale: Float(alpha / divisor))
  }

  package var projections: [Projection] { sites.map(\.projection) }
  package var parameters: [Parameter] { sites.flatMap { [$0.a, $0.b] } }

  func factors(_ projection: Projection) throws(SVFTError) -> Factors {
    guard let index = position[ObjectIdentifier(projection)] else {
      throw SVFTError(.internal, "libsvft is at fault: LoRA knows no module \(projection.name)")
    }
    return sites[index]
  }

  package func apply(_ site: Site, _ x: Value, _ graph: Graph) throws(SVFTError) -> Value {
    let factors = try factors(site.projection)
    let base = try site.base(x)
    var input = x
    if graph.training, settings.dropout > 0 { input = graph.dropout(x, Float(settings.dropout)) }
    let inner = try graph.linear(input, trained: factors.a)  // [T, r]
    return try graph.linear(
      inner, trained: factors.b, addedTo: base, scale: site.scale * factors.scale)  // [T, out]
  }

  /// The same with A and B of each row's own lane; ranks may differ.
  package static func apply(
    _ lanes: [Int], _ site: Site, _ x: Value, _ graph: Graph
  ) throws(SVFTError) -> Value {
    var (inner, outer): ([LaneMatrix], [LaneMatrix]) = ([], [])
    for lane in lanes {
      guard let method = graph.lanes[lane].adapter as? LoRA else { continue }
      let factors = try method.factors(site.projection)
      let scale = graph.lanes[lane].scale * factors.scale
      inner.append(LaneMatrix(lane: lane, factors.a.weight))
      outer.append(LaneMatrix(lane: lane, factors.b.weight, scale: scale))
    }
    let base = try site.base(x)
    let narrow = try graph.linear(x, lanes: inner)  // [T, largest r]
    return graph.add(base, try graph.linear(narrow, lanes: outer))
  }

  package func changeRows(_ projection: Projection) throws(SVFTError) -> (any ChangeRows)? {
    let factors = try factors(projection)
    return LowRankRows(a: factors.a.weight, b: factors.b, scale: factors.scale)
  }
}

extension LoRA {
  /// How A starts.
  enum Start: String, CaseIterable, Sendable { case kaiming, gaussian }

  /// The options: r 1 to 65536 (8), alpha (r), dropout 0 to below 1 (0), use_rslora (false), init
  /// (kaiming), rank_pattern and alpha_pattern (pattern of module names → number).
  struct Settings: Sendable {
    let targets: TargetRule
    let rank: Int
    let alpha: Double
    let dropout: Double
    let usesRootRank: Bool
    let start: Start
    let rankPattern: JSON.Object
    let alphaPattern: JSON.Object
    private let ranks: ModulePatterns<Int>
    private let alphas: ModulePatterns<Double>

    init(_ options: AdapterOptions) throws(SVFTError) {
      try options.allow([
        "r", "alpha", "dropout", "use_rslora", "init", "rank_pattern", "alpha_pattern",
      ])
      targets = try options.targets(default: .allLinear)
      rank = try options.int("r", default: 8, 1...65_536)
      alpha = try options.double("alpha", default: Double(rank), -1e6...1e6)
      dropout = try options.double("dropout", default: 0, 0...0.999)
      usesRootRank = try options.bool("use_rslora", default: false)
      start = try options.word("init", Start.self, default: .kaiming)
      rankPattern = try Self.pattern(options, "rank_pattern")
      alphaPattern = try Self.pattern(options, "alpha_pattern")
      ranks = try ModulePatterns(rankPattern) { (value, place) throws(SVFTError) in
        try Checked.within(value.int(place), 1...65_536, place)
      }
      alphas = try ModulePatterns(alphaPattern) { (value, place) throws(SVFTError) in
        try Checked.within(value.double(place), -1e6...1e6, place)
      }
    }

    private static func pattern(_ options: AdapterOptions, _ key: String) throws(SVFTError)
      -> JSON.Object
    {
      guard options.object.has(key) else { return JSON.Object() }
      return try AdapterOptions.argument { () throws(SVFTError) in try options.object.object(key) }
    }

    /// Rank and α of one module.
    func rank(_ module: String) -> (rank: Int, alpha: Double) {
      (ranks.first(module) ?? rank, alphas.first(module) ?? alpha)
    }
  }
}
