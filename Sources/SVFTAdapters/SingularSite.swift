// SVFT on one projection: its factors, the trained cells of M, and the form it is computed in.
//
// The pattern of top-k waits for gradients; until then the site has a matrix of the right size but
// no coefficients. How each form is recorded: SingularSite+Forms.swift.
import SVFTLayers
import SVFTTensor

/// SVFT on one projection.
final class SingularSite {
  let projection: Projection
  /// Those of the store, or a copy aligned with those that a loaded adapter was trained with.
  private(set) var vectors: SingularVectors
  /// M, and the gate; nil as long as the pattern waits for gradients.
  var coefficients: Coefficients?
  /// The trained values of M, also while the pattern waits.
  var matrix: Parameter
  let gate: Parameter?
  /// Where patterns are kept that other adapters may have too.
  let patterns: PatternStore
  /// Whether each direction is left out because it cannot be told from others.
  let tied: [Bool]
  /// Whether W keeps what it has beyond these directions.
  let keepsResidual: Bool
  /// Whether U and V are W's singular vectors, and not near them: then W makes one of the other.
  let areSingular: Bool
  /// How recordings that train compute it, and how all others do: one follows the steps, the other
  /// stays, so that an adapter just trained gives what it will give when it is loaded.
  var trainingForm, restingForm: SingularForm
  /// W', one for all recordings, which hold it.
  private(set) weak var materialised: MaterialisedMatrix?
  /// The dense M whose gradient gives top-k its scores, while it is being collected.
  var scores: Parameter?

  /// Nil where no direction can be trained.
  init?(
    _ projection: Projection, _ vectors: SingularVectors,
    _ settings: SingularVectorMethod.Settings, _ patterns: PatternStore
  ) throws(SVFTError) {
    let tied = vectors.tied
    let free = tied.count { !$0 }
    let pattern = try Self.pattern(projection, vectors, settings, tied, patterns)
    let count = pattern?.count ?? min(settings.budget(order: vectors.order), free * free)
    guard count > 0 else { return nil }
    self.projection = projection
    self.vectors = vectors
    self.tied = tied
    self.patterns = patterns
    keepsResidual = settings.keepsResidual
    areSingular = settings.truncation == nil
    (trainingForm, restingForm) = (.additive, .additive)
    gate =
      settings.hasGate
      ? try Parameter(
        "\(projection.name).svft_gate", rows: 1, columns: 1, shape: [1])
      : nil
    matrix = try Self.matrix(projection, count: count)
    if settings.start == .kaiming {
      // Kaiming-normal over a 1 × count view: deviation √(2/count).
      var random = RandomSource(seed: settings.seed, purpose: "svft_M/\(projection.name)")
      let deviation = (2 / Double(count)).squareRoot()
      for index in 0..<count { matrix.values[index] = Float(deviation * random.normal()) }
    }
    coefficients = pattern.map { Coefficients($0, matrix, gate: gate) }
    if let form = settings.form {
      restingForm = fitting(form)
      trainingForm = restingForm
    } else {
      choose(.inference)
      choose(.usualTraining)
    }
  }

  var parameters: [Parameter] { [matrix, gate].compactMap { $0 } }

  /// Takes other vectors of the same matrix; one factor alone leaves one form.
  func take(_ vectors: SingularVectors) {
    self.vectors = vectors
    if case .one = vectors { (trainingForm, restingForm) = (.oneSided, .oneSided) }
  }

  /// W' of the numbers at hand, made where there is none for this M and this scale.
  func materialised(
    _ factors: Factors, _ coefficients: Coefficients, scale: Float, threads: Int
  ) throws(SVFTError) -> MaterialisedMatrix {
    if let matrix = materialised, matrix.coefficients === coefficients,
      matrix.factors === factors, matrix.scale == scale,
      MemoryLedger.isRehearsing || !matrix.weight.bytes.isReserved
    {
      matrix.refresh(threads: threads)
      return matrix
    }
    let matrix = try MaterialisedMatrix(
      projection.weight.weight, factors, coefficients, scale: scale, threads: threads,
      solver: solver(factors, coefficients))
    materialised = matrix
    return matrix
  }

  /// The parameter that holds the values of `count` cells.
  static func matrix(_ projection: Projection, count: Int) throws(SVFTError) -> Parameter {
    try Parameter(
      "\(projection.name).svft_M", rows: 1, columns: count, shape: [count])
  }

  /// The pattern, as far as it can be known without data.
  private static func pattern(
    _ projection: Projection, _ vectors: SingularVectors,
    _ settings: SingularVectorMethod.Settings, _ tied: [Bool], _ patterns: PatternStore
  ) throws(SVFTError) -> SparsityPattern? {
    let order = vectors.order
    let count = settings.budget(order: order)
    let pattern: SparsityPattern
    switch settings.pattern {
    case .plain, .banded:
      pattern = try patterns.banded(order: order, halfBandwidth: settings.halfBandwidth)
    case .random:
      var source = RandomSource(
        seed: settings.seed, purpose: "svft_pattern/\(projection.name)")
      pattern =
        settings.keepsRepeats
        ? try .randomWithRepeats(order: order, count: count, &source)
        : try .random(order: order, count: count, &source)
    case .topk:
      guard settings.score == .alignment else { return nil }
      let scores = try vectors.explicit(projection.weight).alignment(projection.weight)
      let chosen = try largest(scores, order: order, count: count, tied)
      // A rehearsal has no scores: what would be each module's own looks the same there.
      return MemoryLedger.isRehearsing ? chosen : patterns.shared(chosen)
    }
    return patterns.shared(tied.contains(true) ? try pattern.keeping { !tied[$0] } : pattern)
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
