// What is added to the scores of attention by how far a key lies from its query (T5, Raffel et al.
// 2020, arXiv:1910.10683, section 2.1): a learned number per head and bucket of distances.
//
//   S[i, j] = scale · q_i k_j + table[bucket(j − i), head]
//   dtable[b, head] += Σ P∘(dP − D) over all i, j whose distance is in bucket b
//
// Half of the buckets hold one distance each, the others grow like logarithms up to the farthest
// one; what is farther shares the last. Where a query sees both sides, each side has half of them.
// Numbers are the same along diagonals, so a block of n × m scores needs n + m − 1 of them.
package import SVFTTensor

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A table of numbers by distance, which several layers may share.
package struct RelativeBias: Sendable {
  /// [buckets, heads]
  package let table: Slot
  /// The bucket of each distance: behind the query, from 0, and before it, from 1.
  private let behind: [Int]
  private let ahead: [Int]

  /// `farthest` is the distance from which on all share a bucket.
  ///
  /// `.format` where the buckets are too few, or enough for all distances.
  package init(_ table: Slot, farthest: Int, isBidirectional: Bool) throws(SVFTError) {
    self.table = table
    let side = isBidirectional ? table.weight.rows / 2 : table.weight.rows
    guard side >= 2, farthest > side / 2 else {
      throw SVFTError(
        .format,
        "\(table.name): expected buckets for distances up to more than half of their number on "
          + "each side, found \(table.weight.rows) buckets for \(farthest)")
    }
    let buckets = (0..<farthest).map { Self.bucket($0, of: side, farthest: farthest) }
    behind = buckets
    ahead = isBidirectional ? buckets.map { side + $0 } : [0]
  }

  /// The bucket of a distance among those of one side, in F32 as transformers computes it.
  private static func bucket(_ distance: Int, of buckets: Int, farthest: Int) -> Int {
    let exact = buckets / 2
    guard distance >= exact else { return distance }
    let octaves = logf(Float(distance) / Float(exact))
    let all = Float(log(Double(farthest) / Double(exact)))
    let place = (octaves / all * Float(buckets - exact)).rounded(.down)
    return min(buckets - 1, exact + (Int(exactly: place) ?? 0))
  }

  /// The bucket of key minus query.
  package func bucket(_ difference: Int) -> Int {
    let side = difference > 0 ? ahead : behind
    return side[min(abs(difference), side.count - 1)]
  }

  var heads: Int { table.current.columns }
  /// Floats of scratch: the table, and the numbers of a block's diagonals.
  var scratchCount: Int {
    table.weight.rows * table.weight.columns + Attention.gradientBlock * 2 + Attention.keyBlock
  }
}

/// The numbers of one head for a block of queries against a block of keys.
struct BiasBlock {
  private let diagonals: UnsafeMutablePointer<Float>
  /// Key minus query on the first diagonal.
  private let first: Int
  private let count: Int

  /// Positions count from the first token of the text.
  init(
    _ bias: RelativeBias, head: Int, queries: Range<Int>, keys: Range<Int>,
    scratch: UnsafeMutablePointer<Float>
  ) {
    let table = bias.table.current
    (first, count) = BiasBlock.diagonals(queries, keys)
    diagonals = scratch + table.rows * table.columns
    table.decode(rows: 0..<table.rows, into: scratch)
    for index in 0..<count {
      diagonals[index] = scratch[bias.bucket(first + index) * table.columns + head]
    }
  }

  private static func diagonals(_ queries: Range<Int>, _ keys: Range<Int>) -> (Int, Int) {
    (keys.lowerBound - queries.upperBound + 1, queries.count + keys.count - 1)
  }

  /// Adds the numbers of one query to its scores for `count` keys from `key` on.
  func add(to scores: UnsafeMutablePointer<Float>, query: Int, key: Int, count: Int) {
    Kernels.add(diagonals + (key - query - first), to: scores, count: count)
  }

  /// An empty block that slopes are summed in.
  init(
    summing bias: RelativeBias, queries: Range<Int>, keys: Range<Int>,
    scratch: UnsafeMutablePointer<Float>
  ) {
    (first, count) = BiasBlock.diagonals(queries, keys)
    diagonals = scratch
    diagonals.update(repeating: 0, count: count)
  }

  /// Adds the slopes of one query's scores for `count` keys from `key` on, times `factor`.
  func sum(
    _ slopes: UnsafePointer<Float>, times factor: Float, query: Int, key: Int, count: Int
  ) {
    Kernels.add(slopes, times: factor, to: diagonals + (key - query - first), count: count)
  }

  /// Adds what was summed to one head's column of a gradient [buckets, heads].
  func fold(into gradient: UnsafeMutablePointer<Float>, _ bias: RelativeBias, head: Int) {
    for index in 0..<count {
      gradient[bias.bucket(first + index) * bias.heads + head] += diagonals[index]
    }
  }
}
