// Sums of SVFT: with equal U and V the sum of U M_t Vᵀ is U (Σ M_t) Vᵀ, so the rule works on the
// cells of M, on the union of the patterns. The gate of a term is multiplied into its M.
//
// Adapters that were loaded may have been aligned to another solver's vectors, whose signs differ:
// M_ij then changes sign with u_i and v_j.
import SVFTFormats
import SVFTLayers
package import SVFTTensor

extension SingularVectorMethod {
  package static func sum(_ sum: AdapterSum) throws(SVFTError) -> AdapterSum.Result {
    let methods = try sum.terms.map { (term) throws(SVFTError) in try summable(term.method) }
    let directions = Set(methods.map(\.settings.directions))
    guard directions.count == 1, let first = methods.first else {
      let found = directions.sorted().joined(separator: "; ")
      throw SVFTError(.mismatch, "expected adapters over the same directions, found \(found)")
    }
    guard sum.rank == nil else {
      throw SVFTError(
        .invalidArgument, "rank: expected none for method \(name), whose sums are exact")
    }
    var unions: [UnionSite] = []
    var total = 0
    for projection in sum.projections {
      let union = try during(projection.name) { () throws(SVFTError) in
        try UnionSite(projection, methods)
      }
      unions.append(union)
      total = try Checked.sum(total, union.pattern.count, "the cells of a sum")
    }
    let result = try DeltaMatrix(rows: 1, columns: total)
    var terms: [Summand] = []
    for (index, weight) in sum.weights.enumerated() {
      let numbers = try DeltaMatrix(rows: 1, columns: total)
      var (offset, count) = (0, 0)
      for union in unions {
        count += try union.fill(numbers, index, from: offset)
        offset += union.pattern.count
      }
      terms.append(Summand(numbers, weight: weight, count: count))
    }
    try sum.rule.combine(terms, into: result)
    let options = try first.options(of: unions)
    let method = try SingularVectorMethod(
      AdapterOptions(.object(options)), sum.sites, sum.factors)
    try method.take(result, unions)
    return AdapterSum.Result(
      method: method, options: options, leftOut: unions.map { ($0.projection.name, 0) })
  }

  private static func summable(
    _ method: any AdapterMethod
  ) throws(SVFTError) -> SingularVectorMethod {
    guard let method = method as? SingularVectorMethod else {
      throw SVFTError(.internal, "libsvft is at fault: a sum of other methods")
    }
    guard method.waiting.isEmpty else {
      throw SVFTError(.state, "the cells of top-k are chosen when training starts; train first")
    }
    return method
  }

  /// The options of a sum: this method's where all patterns are the one that they give, else a
  /// list of cells, as top-k keeps it.
  private func options(of unions: [UnionSite]) throws(SVFTError) -> JSON.Object {
    var options = JSON.Object([
      ("method", .string(Self.name)),
      ("targets", .array(unions.map { .string($0.projection.name) })),
      ("form", .string(settings.formWord)),
    ])
    if let format = settings.factorFormat {
      options["factors"] = .string(format.name.lowercased())
    }
    if let rank = settings.rank { options["rank"] = .integer(rank) }
    if let iterations = settings.iterations { options["iterations"] = .integer(iterations) }
    if !settings.keepsResidual { options["residual"] = false }
    if try isBand(of: unions) {
      options["pattern"] = .string(settings.pattern.rawValue)
      if settings.pattern == .banded { options["d"] = .integer(settings.halfBandwidth) }
    } else {
      options["pattern"] = "topk"
      options["count"] = .integer(unions.map(\.pattern.count).max() ?? 1)
    }
    return options
  }

  /// Whether all cells are those of this method's own band.
  private func isBand(of unions: [UnionSite]) throws(SVFTError) -> Bool {
    guard settings.pattern == .plain || settings.pattern == .banded else { return false }
    for union in unions {
      let own = try SparsityPattern.banded(
        order: union.vectors.order, halfBandwidth: settings.halfBandwidth)
      guard own.equals(union.pattern) else { return false }
    }
    return true
  }

  /// Takes the cells and numbers of a sum.
  private func take(_ result: DeltaMatrix, _ unions: [UnionSite]) throws(SVFTError) {
    var offset = 0
    for union in unions {
      let site = try site(union.projection)
      site.take(union.vectors)
      try site.adopt(union.pattern)
      try result.withValues { (values) throws(SVFTError) in
        for index in 0..<union.pattern.count {
          site.matrix.values[index] = values[offset + index]
        }
      }
      offset += union.pattern.count
    }
    waiting = []
  }
}

/// One projection in a sum: the vectors of the first term that has it, and the cells of all.
private struct UnionSite {
  let projection: Projection
  let vectors: SingularVectors
  let pattern: SparsityPattern
  /// Coefficients of each term, and the signs of its vectors relative to `vectors`; nil where the
  /// term leaves the projection alone.
  private let parts: [(coefficients: Coefficients, signs: [Float])?]

  init(_ projection: Projection, _ methods: [SingularVectorMethod]) throws(SVFTError) {
    let sites = methods.map { method in method.sites.first { $0.projection === projection } }
    guard let vectors = sites.compactMap({ $0 }).first?.vectors else {
      throw SVFTError(.internal, "libsvft is at fault: nobody adapts a module of a sum")
    }
    var parts: [(coefficients: Coefficients, signs: [Float])?] = []
    for site in sites {
      guard let site, let coefficients = site.coefficients else {
        parts.append(nil)
        continue
      }
      parts.append((coefficients, try site.vectors.signs(relativeTo: vectors, ignoring: site.tied)))
    }
    let patterns = parts.compactMap { $0?.coefficients.pattern }
    self.projection = projection
    self.vectors = vectors
    pattern = try .union(of: patterns)
    self.parts = parts
  }

  /// Adds the term's numbers to those of `target` from `offset` on, in the cells of the union.
  /// Gives how many cells they have.
  func fill(_ target: DeltaMatrix, _ term: Int, from offset: Int) throws(SVFTError) -> Int {
    guard let part = parts[term] else { return 0 }
    let own = part.coefficients.pattern
    let gate = part.coefficients.gateValue
    var count = 0
    try target.withValues { (values) throws(SVFTError) in
      for row in 0..<own.order {
        var place = pattern.starts[row]
        var last: Int32 = -1
        for index in own.starts[row]..<own.starts[row + 1] {
          let column = own.columns[index]
          while pattern.columns[place] < column { place += 1 }
          if column != last { count += 1 }
          last = column
          let sign = part.signs[row] * part.signs[Int(column)]
          values[offset + place] += gate * sign * part.coefficients.matrix.values[index]
        }
      }
    }
    return count
  }
}

extension SingularVectors {
  /// +1 or −1 per direction: whether it is the other's or its opposite.
  ///
  /// `.mismatch` where it is neither: then the coefficients of the two have no common sum.
  fileprivate func signs(
    relativeTo other: SingularVectors, ignoring tied: [Bool]
  ) throws(SVFTError) -> [Float] {
    if isSame(as: other) { return [Float](repeating: 1, count: order) }
    guard values.hash == other.values.hash, order == other.order else {
      throw SVFTError(.mismatch, "expected adapters of one base tensor, found those of two")
    }
    let (own, theirs) = try (shorter(), other.shorter())
    let width = own.width
    let pair = try DeltaMatrix(rows: 2, columns: width)
    return try pair.withValues { (values) throws(SVFTError) in
      try (0..<order).map { (j) throws(SVFTError) in
        own.decode(j, into: values)
        theirs.decode(j, into: values + width)
        var (product, squares) = (0.0, (0.0, 0.0))
        for k in 0..<width {
          let (a, b) = (Double(values[k]), Double(values[width + k]))
          product += a * b
          squares = (squares.0 + a * a, squares.1 + b * b)
        }
        let lengths = (squares.0 * squares.1).squareRoot()
        guard tied[j] || abs(product) > (1 - 1e-4) * lengths else {
          throw SVFTError(
            .mismatch,
            "expected adapters whose singular directions agree, found direction \(j) turned by "
              + "another solver: export one as a delta and import it again")
        }
        return product < 0 ? -1 : 1
      }
    }
  }

  /// The directions of the shorter side, however they are kept.
  private func shorter() throws(SVFTError) -> Directions {
    switch self {
    case .one(let factors): factors.side.directions
    case .both(let factors): try factors.shorter()
    }
  }
}

extension SparsityPattern {
  /// The cells that any of `patterns` has, each once; all are of one order.
  fileprivate static func union(of patterns: [SparsityPattern]) throws(SVFTError) -> SparsityPattern
  {
    let order = patterns.first?.order ?? 0
    let total = patterns.reduce(0) { $0 + $1.count }
    let all = try Buffer(of: Int64.self, count: total)
    defer { withExtendedLifetime(all) {} }
    var cells = all.values(Int64.self)
    var filled = 0
    for pattern in patterns {
      let indices = try pattern.indices()
      for cell in indices.values(Int64.self) {
        cells[filled] = cell
        filled += 1
      }
      withExtendedLifetime(indices) {}
    }
    cells.sort()
    var count = 0
    for index in cells.indices where index == 0 || cells[index] != cells[count - 1] {
      cells[count] = cells[index]
      count += 1
    }
    return try list(
      order: order, UnsafeMutableBufferPointer(rebasing: cells[..<count]), repeats: false)
  }
}
