// What rounding does to a change that is divided by singular values (the one-sided form).
//
//   W(x + V D⁻¹ M Vᵀ x)     what is added to x has parts 1/σ_i long; a product that rounds its
//   z + U M D⁻¹ Uᵀ z        input, or W, by ε errs there by ε·σ̄/σ_i of the change, σ̄ the root mean
//                           square
//
//   noise = ε·σ̄·√(mean 1/σ_i²)     over the directions with cells
//
// Measured on MiniLM in BF16 and Q8_0: outputs off by 0.2 and by their own length, where both
// factors or an F32 product are off by no more than the base.
import SVFTLayers
import SVFTTensor

extension SingularValues {
  /// σ̄·√(mean 1/σ²): how much louder rounding is in the change than in a product with W.
  ///
  /// `left` are directions without cells.
  func loudness(leaving left: [Bool]) -> Double {
    let kept = zip(sigma, left).filter { !$0.1 }.map(\.0)
    guard !kept.isEmpty else { return 0 }
    let square = sigma.reduce(0) { $0 + $1 * $1 } / Double(sigma.count)
    let inverse = kept.reduce(0) { $0 + 1 / ($1 * $1) } / Double(kept.count)
    return (square * inverse).squareRoot()
  }
}

extension SingularSite {
  /// Largest noise of a product in BF16 or 8 bit, as a share of the change.
  static let roundedNoiseLimit = 0.02
  /// Largest noise of a product in F32 with which the one-sided form is taken unasked.
  static let exactNoiseLimit = 1e-4

  /// Whether a product by the format's custom would drown the change: then it is made in F32.
  var isDelicate: Bool {
    guard projection.weight.weight.format.toleratesBF16 else { return false }
    if MemoryLedger.isRehearsing {
      // Nobody knows σ then: what takes more memory counts, where there is no other form.
      if case .one = vectors { return true }
      return false
    }
    return loudness * 0x1p-8 > Self.roundedNoiseLimit
  }

  /// Whether training may round the directions to BF16, as it does W and what W reads.
  var roundsDirections: Bool { projection.weight.weight.format.toleratesBF16 && !isDelicate }

  /// Whether the one-sided form is as good as the others, also where nobody asks for it.
  var isQuiet: Bool {
    guard !MemoryLedger.isRehearsing else { return true }
    return !isDelicate && loudness * 0x1p-24 <= Self.exactNoiseLimit
  }

  private var loudness: Double { vectors.values.loudness(leaving: tied) }
}
