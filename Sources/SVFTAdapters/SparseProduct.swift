// Products with a sparse n × n matrix M, on panels of tokens that lie side by side:
//
//   forward   y[t, i]  = Σ_j M_ij x[t, j]        backward  dx[t, j] = Σ_i M_ij g[t, i]
//   gradient  dM_ij   += Σ_t g[t, i] x[t, j]
//
// Sixteen tokens are turned so that a cell is one vector operation whatever the pattern is: no
// gathers, no case for the band. A member computes whole panels (products) or whole rows of M
// (gradient), tokens always in order, so that any team gives the same bits.
package import SVFTTensor

/// A sparse matrix at work: its cells, and their values as they are now.
package struct SparseProduct {
  typealias Lanes = SIMD16<Float>
  /// Tokens of a panel.
  static let width = Lanes.scalarCount
  /// Panels that are turned before rows of the gradient are computed; bounds the scratch.
  static let panelsAtOnce = 16
  /// Rows of M per chunk of the gradient.
  static let rowChunk = 32

  private let pattern: SparsityPattern
  private let values: UnsafeMutableBufferPointer<Float>

  /// `values` are those of the pattern's cells, in order; they may change between calls.
  package init(pattern: SparsityPattern, values: UnsafeMutableBufferPointer<Float>) {
    self.pattern = pattern
    self.values = values
  }

  /// Bytes of scratch of each member, for the products.
  package static func memberScratch(order: Int) -> Int { 2 * order * MemoryLayout<Lanes>.stride }
  /// Bytes of scratch all members share, for the gradient of up to `rows` tokens.
  package static func sharedScratch(order: Int, rows: Int) -> Int {
    let panels = min(panelsAtOnce, (rows + width - 1) / width)
    return 2 * panels * order * MemoryLayout<Lanes>.stride
  }

  /// y = s·M x, or s·Mᵀ x, for this member's panels of `tokens` rows; added where `accumulate`.
  package func product(
    _ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>, transposed: Bool,
    scale: Float, accumulate: Bool, tokens: Int, team: Team, scratch: UnsafeMutableRawPointer
  ) {
    let order = pattern.order
    let inner = scratch.assumingMemoryBound(to: Lanes.self)
    let outer = inner + order
    for panel in team.share(of: (tokens + Self.width - 1) / Self.width) {
      let first = panel * Self.width
      let count = min(Self.width, tokens - first)
      Self.turn(x + first * order, order: order, tokens: count, into: inner)
      multiply(inner, into: outer, transposed: transposed)
      for i in 0..<order {
        let lanes = outer[i] * scale
        for t in 0..<count {
          let place = (first + t) * order + i
          y[place] = accumulate ? y[place] + lanes[t] : lanes[t]
        }
      }
    }
  }

  /// outer = M inner (or Mᵀ inner) for one panel, [order] lanes each.
  private func multiply(
    _ inner: UnsafeMutablePointer<Lanes>, into outer: UnsafeMutablePointer<Lanes>, transposed: Bool
  ) {
    guard let starts = pattern.starts.baseAddress, let columns = pattern.columns.baseAddress,
      let values = values.baseAddress
    else { return }
    let order = pattern.order
    if transposed {
      for j in 0..<order { outer[j] = .zero }
      for i in 0..<order {
        let lanes = inner[i]
        for cell in starts[i]..<starts[i + 1] { outer[Int(columns[cell])] += values[cell] * lanes }
      }
    } else {
      for i in 0..<order {
        var sum = Lanes.zero
        for cell in starts[i]..<starts[i + 1] { sum += values[cell] * inner[Int(columns[cell])] }
        outer[i] = sum
      }
    }
  }

  /// dM += scale·Σ_t g[t]·x[t]ᵀ on the pattern's cells.
  ///
  /// All members must call it; it meets at barriers.
  package func accumulateGradient(
    _ g: UnsafePointer<Float>, _ x: UnsafePointer<Float>, scale: Float, tokens: Int,
    into gradient: UnsafeMutableBufferPointer<Float>, team: Team, scratch: UnsafeMutableRawPointer
  ) {
    let order = pattern.order
    let panels = (tokens + Self.width - 1) / Self.width
    let turned = scratch.assumingMemoryBound(to: Lanes.self)
    let chunks = (order + Self.rowChunk - 1) / Self.rowChunk
    for start in stride(from: 0, to: panels, by: Self.panelsAtOnce) {
      let count = min(Self.panelsAtOnce, panels - start)
      for panel in team.share(of: count) {
        let first = (start + panel) * Self.width
        let rows = min(Self.width, tokens - first)
        let target = turned + 2 * panel * order
        Self.turn(g + first * order, order: order, tokens: rows, into: target)
        Self.turn(x + first * order, order: order, tokens: rows, into: target + order)
      }
      team.barrier()
      for chunk in team.share(of: chunks) {
        let rows = chunk * Self.rowChunk..<min(order, (chunk + 1) * Self.rowChunk)
        add(turned, panels: count, rows: rows, scale: scale, to: gradient)
      }
      team.barrier()
    }
  }

  /// The part of the gradient that turned panels give for rows `rows` of M.
  private func add(
    _ turned: UnsafeMutablePointer<Lanes>, panels: Int, rows: Range<Int>, scale: Float,
    to gradient: UnsafeMutableBufferPointer<Float>
  ) {
    guard let columns = pattern.columns.baseAddress, let gradient = gradient.baseAddress else {
      return
    }
    let order = pattern.order
    for i in rows {
      for cell in pattern.starts[i]..<pattern.starts[i + 1] {
        let j = order + Int(columns[cell])
        var sum = Lanes.zero
        var panel = turned
        for _ in 0..<panels {
          sum += panel[i] * panel[j]
          panel += 2 * order
        }
        gradient[cell] += scale * sum.sum()
      }
    }
  }

  /// Turns `tokens` rows of `order` numbers into `order` lanes of tokens; missing tokens are zero.
  private static func turn(
    _ x: UnsafePointer<Float>, order: Int, tokens: Int, into lanes: UnsafeMutablePointer<Lanes>
  ) {
    let target = UnsafeMutableRawPointer(lanes).assumingMemoryBound(to: Float.self)
    for t in 0..<width {
      if t < tokens {
        for i in 0..<order { target[i * width + t] = x[t * order + i] }
      } else {
        for i in 0..<order { target[i * width + t] = 0 }
      }
    }
  }
}
