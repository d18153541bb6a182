// What top-k chooses its cells by.
//
//   gradient    |Uᵀ(Σ GᵀX)V| over the first steps: the gradient of a full n × n M at M = 0
//   alignment   |Uᵀ V|, for square W
//
// Gradients are collected for as many modules at a time as fit into 256 MiB, so large models
// prepare in rounds: `preparation` is asked again after each `prepare`.
import SVFTLayers
package import SVFTTensor

extension SingularVectorMethod {
  /// Bytes of scores that are collected at the same time.
  private static let scoreBytes = 256 << 20

  package var preparation: Preparation? {
    waiting.isEmpty ? nil : .gradients(steps: settings.scoreSteps)
  }

  /// The waiting sites that are served in this round: at least one.
  private var round: ArraySlice<Int> {
    var bytes = 0
    var end = 0
    for index in waiting {
      let order = sites[index].vectors.order
      bytes += 2 * 4 * order * order
      if end > 0, bytes > Self.scoreBytes { break }
      end += 1
    }
    return waiting.prefix(end)
  }

  /// The dense M that collects the scores of a site; nil where the site waits for a later round.
  func scoring(_ site: SingularSite) throws(SVFTError) -> Parameter? {
    guard round.contains(where: { sites[$0] === site }) else { return nil }
    if let scores = site.scores, MemoryLedger.isRehearsing || !scores.weight.bytes.isReserved {
      return scores
    }
    let order = site.vectors.order
    let scores = try Parameter("\(site.projection.name).scores", rows: order, columns: order)
    site.scores = scores
    return scores
  }

  package func prepare() throws(SVFTError) {
    let served = round
    for index in served {
      let site = sites[index]
      guard let gradient = site.scores?.gradient else {
        throw SVFTError(
          .state, "\(site.projection.name): expected gradients of a recorded step, found none")
      }
      let pattern = try during(site.projection.name) { () throws(SVFTError) in
        try SingularSite.largest(
          gradient, order: site.vectors.order, count: site.matrix.count, site.tied)
      }
      try site.adopt(pattern)
      site.scores = nil
    }
    waiting.removeFirst(served.count)
  }
}

extension SingularSite {
  /// Takes a pattern; values that fit stay.
  func adopt(_ pattern: SparsityPattern) throws(SVFTError) {
    if pattern.count != matrix.count {
      matrix = try Self.matrix(projection, count: pattern.count)
    }
    // A rehearsal has no gradients: what would be each module's own looks the same there.
    let shared = MemoryLedger.isRehearsing ? pattern : patterns.shared(pattern)
    coefficients = Coefficients(shared, matrix, gate: gate)
  }
}

extension Factors {
  /// UᵀV [n, n] with rows of U in canonical order.
  ///
  /// `.shape` unless the matrix is square.
  func alignment(_ slot: Slot) throws(SVFTError) -> Buffer {
    guard left.rows == right.columns else {
      throw SVFTError(
        .shape,
        "score alignment: expected a square matrix, found [\(left.rows), \(right.columns)]; use "
          + "score gradient")
    }
    let rows = try Buffer(of: Float.self, count: order * left.rows)
    let transposed = try Buffer(of: Float.self, count: order * order)
    let result = try Buffer(of: Float.self, count: order * order)
    guard !MemoryLedger.isRehearsing else { return result }
    let (v, from) = (rows.values(Float.self), right.bytes.values(Float.self))
    for j in 0..<order {
      for k in 0..<left.rows { v[j * left.rows + slot.stored(k)] = from[j * left.rows + k] }
    }
    // [j, i] = Σ_k V[k, j]·U[k, i]
    defer { withExtendedLifetime((rows, transposed)) {} }
    let target = transposed.pointer.assumingMemoryBound(to: Float.self)
    try left.addTransposed(v, tokens: order, to: target)
    let scores = result.values(Float.self)
    for i in 0..<order {
      for j in 0..<order { scores[i * order + j] = target[j * order + i] }
    }
    return result
  }
}
