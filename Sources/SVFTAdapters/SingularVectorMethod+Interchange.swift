// SVFT and changes that are not its own.
//
//   out   ΔW = c·U M Vᵀ has at most as much rank as M has rows, or columns, that are not zero
//   in    M_ij = u_iᵀ ΔW v_j / c on the cells of the pattern: because the u_i v_jᵀ are orthonormal,
//         no other M on these cells is nearer, and ‖c·M‖² of ‖ΔW‖² is captured
//
// Top-k chooses its cells here: the largest entries of Uᵀ ΔW V.
package import SVFTLayers
package import SVFTTensor

extension SingularVectorMethod {
  package func product(_ projection: Projection) throws(SVFTError) -> FactoredDelta {
    try requireResidual(projection)
    let site = try site(projection)
    guard let coefficients = site.coefficients else {
      throw SVFTError(.state, "the cells of top-k are chosen when training starts; train first")
    }
    return try coefficients.product(
      site.vectors.explicit(projection.weight), of: projection.weight,
      areOrthonormal: site.areOrthonormal)
  }

  package func adopt(_ change: WeightChange, on projection: Projection) throws(SVFTError) -> Double
  {
    try requireResidual(projection)
    let site = try site(projection)
    let factors = try site.vectors.explicit(projection.weight)
    let right = try DeltaMatrix(
      rows: factors.order, columns: factors.right.columns, sharing: factors.right.bytes)
    let slot = projection.weight
    // ΔW V [out, n], its rows where those of U lie.
    let mixed = try change.timesTransposed(right, threads: threads).placingRows(slot.stored)
    if settings.pattern == .topk {
      let scores = try factors.leftMatrix().transposed().times(mixed, threads: threads)
      try site.adopt(
        SingularSite.largest(
          scores.buffer, order: factors.order, count: site.matrix.count, site.tied))
      waiting.removeAll { sites[$0] === site }
    }
    return try site.project(mixed, on: factors, threads: threads)
  }
}

extension SingularVectorMethod {
  private func requireResidual(_ projection: Projection) throws(SVFTError) {
    guard settings.keepsResidual else {
      throw SVFTError(
        .unsupported,
        "\(projection.name): expected an adapter that adds to all of W, found one that cuts W to "
          + "its first directions: merge it into a model")
    }
  }
}

extension SingularSite {
  /// Whether columns of U and rows of Vᵀ are orthonormal up to F32's rounding.
  fileprivate var areOrthonormal: Bool {
    guard case .one(let factors) = vectors else { return true }
    return factors.format.name == ElementFormats.f32.name
  }

  /// Sets M to the entries of Uᵀ·`mixed` on its cells; gives their energy.
  fileprivate func project(
    _ mixed: DeltaMatrix, on factors: Factors, threads: Int
  ) throws(SVFTError) -> Double {
    guard let coefficients else { return 0 }
    let rows = mixed.rows
    let scratch = try Buffer(
      byteCount: SparseProduct.sharedScratch(order: factors.order, rows: rows))
    defer { withExtendedLifetime(scratch) {} }
    let values = coefficients.matrix.values
    values.update(repeating: 0)
    try factors.leftMatrix().withValues { (u) throws(SVFTError) in
      try mixed.withValues { (p) throws(SVFTError) in
        Parallel.run(threads: threads) { team in
          coefficients.product.accumulateGradient(
            u, p, scale: 1, tokens: rows, into: values, team: team, scratch: scratch.pointer)
        }
      }
    }
    coefficients.pattern.clearRepeats(in: values)
    var energy = 0.0
    for index in values.indices {
      energy += Double(values[index]) * Double(values[index])
      values[index] /= coefficients.gateValue
    }
    return energy
  }
}

extension Factors {
  /// U [out, n], rows as the slot stores them.
  fileprivate func leftMatrix() throws(SVFTError) -> DeltaMatrix {
    try DeltaMatrix(rows: left.rows, columns: order, sharing: left.bytes)
  }
}

extension SparsityPattern {
  /// Leaves a value of a repeated cell to the first of its copies: they add up.
  fileprivate func clearRepeats(in values: UnsafeMutableBufferPointer<Float>) {
    for row in 0..<order {
      for index in starts[row]..<starts[row + 1]
      where index > starts[row] && columns[index] == columns[index - 1] {
        values[index] = 0
      }
    }
  }

  /// Rows, and columns, with a value other than zero, ascending.
  fileprivate func lines(
    of values: UnsafeMutableBufferPointer<Float>
  ) -> (rows: [Int], columns: [Int]) {
    var used = (
      rows: [Bool](repeating: false, count: order), columns: [Bool](repeating: false, count: order)
    )
    for row in 0..<order {
      for index in starts[row]..<starts[row + 1] where values[index] != 0 {
        used.rows[row] = true
        used.columns[Int(columns[index])] = true
      }
    }
    return ((0..<order).filter { used.rows[$0] }, (0..<order).filter { used.columns[$0] })
  }
}

extension Coefficients {
  /// c·U M Vᵀ with the directions that M leaves alone left out; rows of U in canonical order.
  fileprivate func product(
    _ factors: Factors, of slot: Slot, areOrthonormal: Bool
  ) throws(SVFTError) -> FactoredDelta {
    let (rows, columns) = pattern.lines(of: matrix.values)
    let order = factors.order
    let core = try DeltaMatrix(rows: rows.count, columns: columns.count)
    let left = try DeltaMatrix(rows: factors.left.rows, columns: rows.count)
    let right = try DeltaMatrix(rows: columns.count, columns: factors.right.columns)
    var place = [Int](repeating: 0, count: order)
    for (number, column) in columns.enumerated() { place[column] = number }
    try core.withValues { (to) throws(SVFTError) in
      for (number, row) in rows.enumerated() {
        for index in pattern.starts[row]..<pattern.starts[row + 1] where matrix.values[index] != 0 {
          // Values of a repeated cell add up.
          to[number * columns.count + place[Int(pattern.columns[index])]] +=
            gateValue * matrix.values[index]
        }
      }
    }
    try left.withValues { (to) throws(SVFTError) in
      let u = factors.left.bytes.values(Float.self)
      for row in 0..<left.rows {
        let stored = slot.stored(row) * order
        for (number, i) in rows.enumerated() { to[row * rows.count + number] = u[stored + i] }
      }
    }
    try right.withValues { (to) throws(SVFTError) in
      let vt = factors.right.bytes.values(Float.self)
      for (number, j) in columns.enumerated() {
        for k in 0..<right.columns { to[number * right.columns + k] = vt[j * right.columns + k] }
      }
    }
    return try FactoredDelta(left: left, core: core, right: right, isOrthonormal: areOrthonormal)
  }
}
