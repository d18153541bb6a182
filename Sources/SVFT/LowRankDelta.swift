// The change of one projection as a product of two thin matrices, made when a writer asks for it
// and let go with the second: an adapter of any size is exported through the memory of one module.
import SVFTAdapters
import SVFTLayers
import SVFTTensor

/// B [out, r] and A [r, in] of one projection, in canonical row order.
final class LowRankDelta {
  let projection: Projection
  /// The rank from which on nothing is left out; 0 where there is no change at all.
  let exactRank: Int
  /// The share of ‖ΔW‖² that the last factors lacked.
  private(set) var leftOut = 0.0
  private let method: any AdapterMethod
  private let scale: Float
  private var made: (rank: Int, factors: LowRankFactors)?

  /// The change `scale` · ΔW. Throws `.memory`, `.state` (a method that has yet to see data).
  init(
    of method: any AdapterMethod, _ projection: Projection, scale: Float
  ) throws(SVFTError) {
    self.method = method
    self.projection = projection
    self.scale = scale
    exactRank = try method.product(projection).rank
  }

  var rows: Int { projection.rows }
  var columns: Int { projection.columns }

  /// A [rank, columns]. Throws `.memory`, `.nonFinite`.
  func a(_ rank: Int) throws(SVFTError) -> Buffer { try factors(rank).a.buffer }

  /// B [rows, rank], its rows in the order of a file; then both are let go.
  func b(_ rank: Int, _ order: RowOrder = .canonical) throws(SVFTError) -> Buffer {
    let b = try factors(rank).b.stored(in: order)
    made = nil
    return b.buffer
  }

  private func factors(_ rank: Int) throws(SVFTError) -> LowRankFactors {
    if let made, made.rank == rank { return made.factors }
    let factors = try method.product(projection).scaled(by: scale).factors(rank: rank)
    leftOut = factors.leftOut
    made = (rank, factors)
    return factors
  }
}

extension DeltaMatrix {
  /// The same rows in another order than the canonical one.
  fileprivate func stored(in order: RowOrder) throws(SVFTError) -> DeltaMatrix {
    order == .canonical ? self : try placingRows(order.stored)
  }
}
