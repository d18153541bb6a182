// How much each column of a matrix matters: the sum over all tokens of the squares of what it is
// multiplied with (llama.cpp's importance matrix). The expected error of W x, where x has
// uncorrelated columns, is that of W with each square times this.
//
//   forward   sums[k] += Σ_t x[t, k]²
//   backward  nothing
package import SVFTTensor

/// Sums of the squares of x [T, width], per column.
final class InputSquares: Op {
  private let x: Value
  private let sums: Buffer
  /// Columns that one member sums at a time.
  private static let block = 64

  init(_ x: Value, _ sums: Buffer) {
    self.x = x
    self.sums = sums
  }

  var reads: [Value] { [x] }
  var writes: [Value] { [] }
  var keeps: [Value] { [] }
  var passesGradient: Bool { false }

  func forward(_ run: Run) {
    let (from, sums) = (run.pointer(x), sums.values(Double.self))
    for columns in run.blocks(of: x.width, by: Self.block) {
      for row in 0..<run.rows {
        for column in columns {
          let value = Double(from[row * x.width + column])
          sums[column] += value * value
        }
      }
    }
  }

  func backward(_ run: Run) {}
}

/// Stands on a projection and sums the squares of its inputs, one number per column, over all
/// steps; it changes nothing. Not for steps with lanes.
package final class InputWatch: SiteAdapter {
  private let sums: Buffer

  /// Throws `.memory`.
  package init(_ projection: Projection) throws(SVFTError) {
    sums = try Buffer(of: Double.self, count: projection.columns)
  }

  /// The sums so far.
  package var squares: [Double] { withExtendedLifetime(sums) { Array(sums.values()) } }

  package func apply(_ site: Site, _ x: Value, _ graph: Graph) throws(SVFTError) -> Value {
    graph.record(InputSquares(x, sums))
    return try site.base(x)
  }

  package static func apply(
    _ lanes: [Int], _ site: Site, _ x: Value, _ graph: Graph
  ) throws(SVFTError) -> Value {
    try site.base(x)
  }
}
