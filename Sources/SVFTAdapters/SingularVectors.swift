// The singular vectors of one matrix as an adapter holds them: both factors in F32, which every
// form can be computed from, or one of them in any format, which W completes (OneSidedFactors).
//
// Adapters of one model share them: a store keeps each once.
import SVFTLayers
import SVFTTensor

/// U and V of one matrix, or one of them.
package enum SingularVectors: Sendable {
  case both(Factors)
  case one(OneSidedFactors)

  /// What is kept of a decomposition.
  package enum Storage: Hashable, Sendable {
    case both
    /// One factor, in a format, by its name.
    case one(String)
  }

  /// Whether what is kept is rounded to a format that products may be in BF16 for.
  var areRounded: Bool {
    guard case .one(let factors) = self else { return false }
    return factors.format.toleratesBF16
  }

  package var values: SingularValues {
    switch self {
    case .both(let factors): factors.values
    case .one(let factors): factors.values
    }
  }

  var order: Int { values.order }

  /// Bytes of the vectors.
  package var byteCount: Int {
    switch self {
    case .both(let factors): factors.left.bytes.byteCount + factors.right.bytes.byteCount
    case .one(let factors): factors.byteCount
    }
  }

  /// Whether each direction has no cells: it cannot be told from others, or not be divided by.
  var tied: [Bool] {
    switch self {
    case .both(let factors): factors.values.tied()
    case .one(let factors): factors.tied
    }
  }

  /// What `storage` keeps of factors of the slot's matrix, `rank` directions of them at most.
  ///
  /// One exact factor is kept only where W can complete it; elsewhere it is both. Throws `.memory`.
  init(
    _ factors: Factors, of slot: Slot, _ storage: Storage, rank: Int
  ) throws(SVFTError) {
    let factors = try factors.truncated(rank)
    guard case .one(let name) = storage else {
      self = .both(factors)
      return
    }
    let format = try ElementFormats.required(name)
    let isExact = format.name == ElementFormats.f32.name
    self =
      isExact && !factors.isSteady
      ? .both(factors) : .one(try OneSidedFactors(factors, of: slot, as: format))
  }

  /// One factor of them; nil where that is not how they are kept, and W cannot complete it.
  func side() throws(SVFTError) -> OneSide? {
    switch self {
    case .one(let factors): return factors.side
    case .both(let factors): return factors.isSteady ? try factors.side() : nil
    }
  }

  /// U and Vᵀ in F32: what W makes of one factor is the other.
  ///
  /// Throws `.memory`.
  func explicit(_ slot: Slot) throws(SVFTError) -> Factors {
    switch self {
    case .both(let factors): return factors
    case .one(let factors): return try factors.completed(by: slot.weight)
    }
  }

  /// Whether they are the same object.
  func isSame(as other: SingularVectors) -> Bool {
    switch (self, other) {
    case (.both(let a), .both(let b)): a === b
    case (.one(let a), .one(let b)): a === b
    default: false
    }
  }
}

extension Factors {
  /// Whether W completes one factor from the other: every direction with cells can be divided by
  /// its σ.
  var isSteady: Bool {
    let limit = OneSidedFactors.steadyRatio * (values.sigma.first ?? 0)
    return MemoryLedger.isRehearsing
      || zip(values.sigma, values.tied()).allSatisfy { $0 > limit || $1 }
  }

  private var isTall: Bool { left.rows >= right.columns }

  /// The directions of the shorter side, never rounded: W makes the others of them, and enlarges
  /// what rounding adds along large σ where it is divided by small ones.
  func shorter() throws(SVFTError) -> Directions {
    isTall
      ? Directions(rows: [try right.training(inBF16: false)])
      : Directions(columns: try left.training(inBF16: false))
  }

  /// The factor of the shorter side.
  ///
  /// Throws `.memory`.
  fileprivate func side() throws(SVFTError) -> OneSide {
    let limit = OneSidedFactors.steadyRatio * (values.sigma.first ?? 0)
    return OneSide(
      directions: try shorter(), inverse: try values.buffer { $0 > limit ? Float(1 / $0) : 0 },
      isRight: isTall, rowOrder: .canonical)
  }
}

extension SingularValues {
  /// A number of each, F32.
  ///
  /// Throws `.memory`.
  func buffer(_ number: (Double) -> Float) throws(SVFTError) -> Buffer {
    let buffer = try Buffer(of: Float.self, count: order)
    guard !MemoryLedger.isRehearsing else { return buffer }
    let target = buffer.values(Float.self)
    for (index, sigma) in sigma.enumerated() { target[index] = number(sigma) }
    return buffer
  }
}

extension OneSidedFactors {
  /// Both factors in F32, the other one made by W.
  ///
  /// Throws `.memory`.
  fileprivate func completed(by weight: Weight) throws(SVFTError) -> Factors {
    let own = try side.directions.decoded()  // [n, width]
    let (order, width) = (side.directions.order, side.directions.width)
    let outer = side.isRight ? weight.rows : weight.columns
    let made = try Buffer(of: Float.self, count: Checked.product(order, outer, "a factor"))
    let maker = try OtherSide(
      weight, isRight: side.isRight, side.rowOrder, directions: order)
    if !MemoryLedger.isRehearsing {
      let from = own.pointer.assumingMemoryBound(to: Float.self)
      let to = made.pointer.assumingMemoryBound(to: Float.self)
      maker.make(from, count: order, into: to)
      let lengths = side.inverse.values(Float.self)
      for index in 0..<order {
        let place = to + index * outer
        Kernels.scale(place, by: lengths[index], into: place, count: outer)
      }
      if side.rowOrder != .canonical {
        let moved = try Buffer(of: Float.self, count: width)
        let place = moved.pointer.assumingMemoryBound(to: Float.self)
        for index in 0..<order {
          let row = from + index * width
          side.rowOrder.move(row, into: place, count: 1, width: width, toStored: true)
          row.update(from: place, count: width)
        }
        withExtendedLifetime(moved) {}
      }
    }
    let (u, vt) = side.isRight ? (made, own) : (own, made)
    return try Factors(
      values: values,
      left: Weight(
        format: ElementFormats.f32, rows: weight.rows, columns: order,
        bytes: u.transposed(rows: order, columns: weight.rows)),
      right: Weight(
        format: ElementFormats.f32, rows: order, columns: weight.columns, bytes: vt),
      trainsInBF16: weight.format.toleratesBF16)
  }
}
