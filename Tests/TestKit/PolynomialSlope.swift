// The derivative of a noisy function: a polynomial fitted to its odd part.
//
//   o(x) = (L(x) − L(−x)) / 2 ≈ a₁x + a₃x³ + a₅x⁵ + a₇x⁷        at the Chebyshev nodes of [−h, h]
//
// A difference quotient takes the rounding of a F32 forward pass once and divides it by h; the fit
// averages it over all nodes, and its powers carry the curvature, so h may be large. What a slope
// leaves in doubt is what fits of degree 7 and 5 differ by and its standard error by the residual:
// places are added, by the half widths that did best, until that is small. The gradient under test
// takes no part in it.

/// Derivatives at 0 by least squares.
package enum PolynomialSlope {
  /// Pairs of nodes per fit: one round after the other, until the slope is known.
  private static let rounds = [12, 48, 192, 768]
  /// The doubt that is small enough, a seventh of the bar of `GradientCheck`.
  private static let tolerance = 1.5e-4

  /// The slope at 0 of `loss`, to `tolerance` of itself or of `floor`, whichever is larger, where
  /// the rounds suffice.
  ///
  /// `widths` are the half widths to try, the widest first; `loss` gives the place it really took
  /// and the value there.
  package static func measured(
    widths: [Double], floor: Double, _ loss: (Double) throws -> (place: Double, value: Double)
  ) rethrows -> Double {
    var best = (slope: Double.nan, doubt: Double.infinity)
    var candidates = widths
    for pairs in rounds {
      var doubts: [(width: Double, doubt: Double)] = []
      for width in candidates {
        let found = try slope(width, pairs, loss)
        if found.doubt < best.doubt { best = found }
        if best.doubt <= tolerance * max(abs(best.slope), floor) { return best.slope }
        doubts.append((width, found.doubt))
      }
      doubts.sort { $0.doubt < $1.doubt }
      candidates = doubts.prefix(2).map(\.width)
    }
    return best.slope
  }

  /// The slope by one fit over [−h, h], and what is in doubt of it.
  private static func slope(
    _ h: Double, _ pairs: Int, _ loss: (Double) throws -> (place: Double, value: Double)
  ) rethrows -> (slope: Double, doubt: Double) {
    var points: [(x: Double, y: Double)] = []
    for index in 0..<pairs {
      let node = cosine(Double(2 * index + 1) / Double(4 * pairs)) * h
      let (up, down) = (try loss(node), try loss(-node))
      points.append(((up.place - down.place) / (2 * h), (up.value - down.value) / 2))
    }
    let (wide, noise) = fit(points, degree: 7)
    let doubt = (abs(wide - fit(points, degree: 5).slope) + noise) / h
    return (wide / h, doubt.isFinite ? doubt : .infinity)
  }

  /// The cosine of π t for t from 0 to 1/2, by its series.
  private static func cosine(_ t: Double) -> Double {
    let x = Double.pi * t
    var (sum, term) = (1.0, 1.0)
    for k in 1...12 {
      term *= -x * x / Double((2 * k - 1) * 2 * k)
      sum += term
    }
    return sum
  }

  /// a₁ of the least-squares fit in odd powers, and its standard error by the residual.
  private static func fit(
    _ points: [(x: Double, y: Double)], degree: Int
  ) -> (slope: Double, noise: Double) {
    let count = (degree + 1) / 2
    func powers(_ x: Double) -> [Double] {
      var result = [x]
      while result.count < count { result.append((result.last ?? 0) * x * x) }
      return result
    }
    // Normal equations, the right side and the unit vector of a₁ beside them.
    var rows = (0..<count).map { _ in [Double](repeating: 0, count: count + 2) }
    for point in points {
      let p = powers(point.x)
      for i in 0..<count {
        for j in 0..<count { rows[i][j] += p[i] * p[j] }
        rows[i][count] += p[i] * point.y
      }
    }
    rows[0][count + 1] = 1
    for pivot in 0..<count {
      for row in 0..<count where row != pivot {
        let factor = rows[row][pivot] / rows[pivot][pivot]
        for column in pivot..<count + 2 { rows[row][column] -= factor * rows[pivot][column] }
      }
    }
    let solution = (0..<count).map { rows[$0][count] / rows[$0][$0] }
    var square = 0.0
    for point in points {
      let predicted = zip(powers(point.x), solution).reduce(0) { $0 + $1.0 * $1.1 }
      square += (point.y - predicted) * (point.y - predicted)
    }
    let variance = square / Double(points.count - count) * rows[0][count + 1] / rows[0][0]
    return (solution[0], variance.squareRoot())
  }
}
