// The figures that evaluations report.

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Functions of lists of numbers.
package enum Statistics {
  /// exp(x) / Σ exp(x), in Double.
  package static func softmax(_ logits: [Float]) -> [Double] {
    let top = Double(logits.max() ?? 0)
    let weights = logits.map { exp(Double($0) - top) }
    let total = weights.reduce(0, +)
    return weights.map { $0 / total }
  }

  /// e to the power of x.
  package static func exponential(_ x: Double) -> Double { exp(x) }

  /// The mean; NaN of nothing.
  package static func mean(_ values: [Double]) -> Double {
    values.reduce(0, +) / Double(values.count)
  }

  /// The standard deviation of a sample, with n − 1; NaN for fewer than two values.
  package static func deviation(_ values: [Double]) -> Double {
    guard values.count > 1 else { return .nan }
    let mean = mean(values)
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return (squares / Double(values.count - 1)).squareRoot()
  }

  /// Pearson's correlation; NaN for fewer than two points or a constant list.
  package static func pearson(_ x: [Double], _ y: [Double]) -> Double {
    let n = Double(min(x.count, y.count))
    guard n >= 2 else { return .nan }
    let meanX = x.reduce(0, +) / n
    let meanY = y.reduce(0, +) / n
    var (covariance, varianceX, varianceY) = (0.0, 0.0, 0.0)
    for (a, b) in zip(x, y) {
      covariance += (a - meanX) * (b - meanY)
      varianceX += (a - meanX) * (a - meanX)
      varianceY += (b - meanY) * (b - meanY)
    }
    return covariance / (varianceX * varianceY).squareRoot()
  }

  /// Spearman's correlation: Pearson's of the ranks, ties sharing their mean rank.
  package static func spearman(_ x: [Double], _ y: [Double]) -> Double {
    pearson(ranks(x), ranks(y))
  }

  /// Ranks from 1; equal values share the mean of theirs.
  package static func ranks(_ values: [Double]) -> [Double] {
    let order = values.indices.sorted { values[$0] < values[$1] }
    var result = [Double](repeating: 0, count: values.count)
    var start = 0
    while start < order.count {
      // A NaN equals nothing, itself included: it has a rank of its own.
      var end = start + 1
      while end < order.count, values[order[end]] == values[order[start]] { end += 1 }
      for position in start..<end { result[order[position]] = Double(start + end + 1) / 2 }
      start = end
    }
    return result
  }
}
