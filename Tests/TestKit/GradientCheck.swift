// Gradients against central differences of a float64 loss.
//
//   D(h) = (L(x + h·d) − L(x − h·d)) / 2h for h, h/2, h/4, …, extrapolated to h = 0
//
// The tableau stops where its entries agree or where rounding outweighs the difference (after
// Ridders, 1982), so neither curvature nor the noise of a F32 forward pass decides; the gradient
// under test takes no part in that choice. The bar, for three random directions of unit length and
// 16 single entries: error ≤ 1e-3 · max(|g|, 1e-2 · ‖g‖∞).
package import SVFTLayers
import SVFTTensor

/// Checks gradients of whole models or single ops.
package enum GradientCheck {
  /// One tensor: its numbers, which the check moves and puts back, and the gradient it is said to
  /// have.
  package struct Subject {
    package let name: String
    package let values: UnsafeMutableBufferPointer<Float>
    package let gradients: UnsafeMutableBufferPointer<Float>

    package init(
      _ name: String, values: UnsafeMutableBufferPointer<Float>,
      gradients: UnsafeMutableBufferPointer<Float>
    ) {
      self.name = name
      self.values = values
      self.gradients = gradients
    }

    package init(_ parameter: Parameter) {
      self.init(parameter.name, values: parameter.values, gradients: parameter.gradients)
    }
  }

  /// Complaints, one sentence each; none when all gradients are right.
  ///
  /// `loss` computes the loss from the current values; `gradients` leaves their exact gradients
  /// (cleared before) in the parameters.
  package static func run(
    parameters: [Parameter], loss: () throws -> Double, gradients: () throws -> Void
  ) rethrows -> [String] {
    try run(parameters.map { Subject($0) }, loss: loss, gradients: gradients)
  }

  /// The same for any tensors.
  package static func run(
    _ subjects: [Subject], loss: () throws -> Double, gradients: () throws -> Void
  ) rethrows -> [String] {
    try gradients()
    let claims = subjects.map { $0.gradients.map(Double.init) }
    // A tensor whose true gradient is zero (the key bias under a softmax) shows noise only: below
    // 1e-4 of the largest gradient of all tensors nothing is told apart.
    let overall = claims.joined().map(abs).max() ?? 0
    var complaints: [String] = []
    for (subject, claim) in zip(subjects, claims) {
      complaints += try check(subject, claim, noise: 1e-4 * overall, loss)
    }
    return complaints
  }

  private static func check(
    _ subject: Subject, _ claim: [Double], noise: Double, _ loss: () throws -> Double
  ) rethrows -> [String] {
    let count = subject.values.count
    guard count > 0 else { return ["\(subject.name): no values"] }
    guard claim.allSatisfy(\.isFinite) else { return ["\(subject.name): gradient not finite"] }
    let largest = claim.map(abs).max() ?? 0
    var random = RandomSource(seed: 7, purpose: "gradient check/\(subject.name)")
    var probes: [(label: String, direction: [(index: Int, weight: Double)])] = []
    for number in 1...3 {
      let weight = 1 / Double(count).squareRoot()
      probes.append(
        (
          "direction \(number)",
          (0..<count).map { ($0, random.word() & 1 == 0 ? weight : -weight) }
        ))
    }
    for index in random.permutation(count).prefix(16) {
      probes.append(("entry \(index)", [(index, 1)]))
    }
    var complaints: [String] = []
    for (label, direction) in probes {
      let claimed = direction.reduce(0) { $0 + $1.weight * claim[$1.index] }
      let floor = max(1e-2 * largest, noise)
      let measured = try slope(subject.values, direction, floor: floor, loss)
      let error = abs(claimed - measured)
      if !(error <= 1e-3 * max(abs(measured), floor)) {
        complaints.append(
          "\(subject.name), \(label): expected \(measured) by differences, found \(claimed)")
      }
    }
    return complaints
  }

  /// The derivative of the loss along `direction`.
  private static func slope(
    _ values: UnsafeMutableBufferPointer<Float>, _ direction: [(index: Int, weight: Double)],
    floor: Double, _ loss: () throws -> Double
  ) rethrows -> Double {
    let originals = direction.map { values[$0.index] }
    defer { for (move, value) in zip(direction, originals) { values[move.index] = value } }
    let size = values.reduce(0) { $0 + Double($1) * Double($1) } / Double(values.count)
    let typical = max(size.squareRoot(), 1e-2)
    // One number may move further than all at once.
    let length = Double(direction.count).squareRoot()
    var step = (direction.count == 1 ? 0.4 : 0.1) * typical * length

    func shifted(_ h: Double) throws -> Double {
      for (move, value) in zip(direction, originals) {
        values[move.index] = Float(Double(value) + h * move.weight)
      }
      return try loss()
    }
    func difference(_ h: Double) throws -> Double {
      // One entry: the step that F32 really took.
      guard direction.count == 1, let index = direction.first?.index else {
        return try (shifted(h) - shifted(-h)) / (2 * h)
      }
      let up = try (shifted(h), Double(values[index]))
      let down = try (shifted(-h), Double(values[index]))
      return (up.0 - down.0) / (up.1 - down.1)
    }

    // What rounding does to a loss: second differences over steps too short for curvature.
    let still = try shifted(0)
    var rounding = 1e-15 * abs(still)
    for times in 1...3 {
      let tiny = 1e-4 * Double(times) * typical * length
      rounding = max(rounding, try abs(shifted(tiny) + shifted(-tiny) - 2 * still))
    }

    var above: [Double] = []
    var best = (value: Double.nan, doubt: Double.infinity)
    for _ in 0..<8 {
      var row = [try difference(step)]
      var power = 4.0
      for (column, earlier) in above.enumerated() {
        row.append((power * row[column] - earlier) / (power - 1))
        let spread = max(abs(row[column + 1] - row[column]), abs(row[column + 1] - earlier))
        let doubt = max(spread, rounding / step)
        if doubt < best.doubt { best = (row[column + 1], doubt) }
        power *= 4
      }
      let isSettled = best.doubt <= 1e-4 * max(abs(best.value), floor)
      if above.count > 1, isSettled || rounding / step > best.doubt { break }
      above = row
      step /= 2
    }
    return best.value
  }
}
