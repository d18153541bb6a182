// The change of one tensor on its way into an adapter, from wherever it came: dense, or as a
// product of thin matrices, which then is never made dense unless somebody must.
//
//   captured = ‖what a method took‖² / ‖ΔW‖²
//
// A method takes changes of its projections (`adopt`) and, exactly, those of the tensors it trains
// in full.
import SVFTLayers
package import SVFTTensor

/// ΔW of one tensor, canonical rows; a vector is one row.
package struct WeightChange: Sendable {
  /// How the numbers are at hand.
  package enum Content: Sendable {
    case dense(DeltaMatrix)
    case product(FactoredDelta)
  }

  package let content: Content
  /// ‖ΔW‖².
  package let energy: Double

  package init(_ matrix: DeltaMatrix) {
    content = .dense(matrix)
    energy = matrix.energy()
  }

  package init(_ product: FactoredDelta) throws(SVFTError) {
    content = .product(product)
    energy = try product.energy()
  }

  package var rows: Int {
    switch content {
    case .dense(let matrix): matrix.rows
    case .product(let product): product.left.rows
    }
  }

  package var columns: Int {
    switch content {
    case .dense(let matrix): matrix.columns
    case .product(let product): product.right.columns
    }
  }

  /// The dense matrix.
  ///
  /// Throws `.memory`.
  package func dense(threads: Int = 1) throws(SVFTError) -> DeltaMatrix {
    switch content {
    case .dense(let matrix): matrix
    case .product(let product): try product.dense(threads: threads)
    }
  }

  /// ΔW·otherᵀ [rows, other.rows].
  func timesTransposed(_ other: DeltaMatrix, threads: Int) throws(SVFTError) -> DeltaMatrix {
    switch content {
    case .dense(let matrix):
      return try matrix.times(other, transposed: true, threads: threads)
    case .product(let product):
      let inner = try product.right.times(other, transposed: true, threads: threads)
      return try product.left.times(product.core.times(inner), threads: threads)
    }
  }

  /// The best factors of a rank, or fewer where the change has less.
  func factors(rank: Int) throws(SVFTError) -> LowRankFactors {
    switch content {
    case .dense(let matrix): try LowRankFactors(best: rank, of: matrix)
    case .product(let product): try product.factors(rank: min(rank, product.rank))
    }
  }
}

extension AdapterMethod {
  /// Names of the tensors whose change it can take: weights of its projections, then the tensors
  /// it trains in full.
  package var places: [String] {
    projections.map { "\($0.name).weight" } + standIns.map(\.slot.name)
  }

  /// Takes the change of the tensor `name`, one of `places`, as nearly as it can.
  ///
  /// Gives the energy that it took. Throws `.unsupported`, `.shape`, `.memory`, `.nonFinite`.
  package func adopt(_ change: WeightChange, at name: String) throws(SVFTError) -> Double {
    try during(name) { () throws(SVFTError) in
      if let projection = projections.first(where: { "\($0.name).weight" == name }) {
        try change.require([projection.rows, projection.columns])
        return try adopt(change, on: projection)
      }
      guard let standIn = standIns.first(where: { $0.slot.name == name }) else {
        throw SVFTError(.internal, "libsvft is at fault: this adapter has no place for a change")
      }
      return try standIn.adopt(change)
    }
  }
}

extension WeightChange {
  /// Throws `.shape` for a change of another shape than the tensor's.
  fileprivate func require(_ shape: [Int]) throws(SVFTError) {
    guard [rows, columns] == shape else {
      throw SVFTError(.shape, "expected a change of \(shape), found one of [\(rows), \(columns)]")
    }
  }
}

extension StandIn {
  /// Adds a change to the frozen values; gives the energy that rounding to F32 left of it.
  fileprivate func adopt(_ change: WeightChange) throws(SVFTError) -> Double {
    try change.require([slot.weight.rows, slot.weight.columns])
    try reset()
    let values = try canonical()
    let delta = try change.dense()
    let numbers = try values.floats()
    var kept = 0.0
    try delta.withValues { (from) throws(SVFTError) in
      for index in numbers.indices {
        let before = numbers[index]
        numbers[index] += from[index]
        let taken = Double(numbers[index]) - Double(before)
        kept += taken * taken
      }
    }
    try load(values)
    return kept
  }
}
