// Gradients of ops, adapters and whole models against the slope of a float64 loss
// (PolynomialSlope.swift), for three random directions of unit length and 16 single entries:
//
//   error ≤ 1e-3 · max(|g|, 1e-2 · ‖g‖∞)
//
// Only a tensor on which the loss does not depend (a key bias under a softmax) is held against
// something else: its gradient must be nothing beside those of the other tensors.
package import SVFTLayers
import SVFTTensor

/// Checks gradients of whole models or single ops.
package enum GradientCheck {
  /// A tensor whose largest gradient is less than this share of the largest of all has none.
  private static let vanishing = 1e-5

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
    let overall = claims.joined().map(abs).max() ?? 0
    var complaints: [String] = []
    for (subject, claim) in zip(subjects, claims) {
      complaints += try check(subject, claim, overall: overall, loss)
    }
    return complaints
  }

  private static func check(
    _ subject: Subject, _ claim: [Double], overall: Double, _ loss: () throws -> Double
  ) rethrows -> [String] {
    let count = subject.values.count
    guard count > 0 else { return ["\(subject.name): no values"] }
    guard claim.allSatisfy(\.isFinite) else { return ["\(subject.name): gradient not finite"] }
    let largest = claim.map(abs).max() ?? 0
    let floor = largest > vanishing * overall ? 1e-2 * largest : 1e-2 * overall
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
      let measured = try slope(subject.values, direction, floor: floor, loss)
      let error = abs(claimed - measured)
      if !(error <= 1e-3 * max(abs(measured), floor)) {
        complaints.append(
          "\(subject.name), \(label): expected \(measured) by differences, found \(claimed), "
            + "\(error / max(abs(measured), floor)) off")
      }
    }
    return complaints
  }

  /// The derivative of the loss along `direction`; the values are as before afterwards.
  private static func slope(
    _ values: UnsafeMutableBufferPointer<Float>, _ direction: [(index: Int, weight: Double)],
    floor: Double, _ loss: () throws -> Double
  ) rethrows -> Double {
    let originals = direction.map { values[$0.index] }
    defer { for (move, value) in zip(direction, originals) { values[move.index] = value } }
    let square = values.reduce(0) { $0 + Double($1) * Double($1) } / Double(values.count)
    // One number alone (a gate) may be next to nothing by chance.
    let typical = values.count == 1 ? 1 : max(square.squareRoot(), 1e-2)
    let length = typical * Double(direction.count).squareRoot()
    // One number may move further than all at once.
    let widths = (0..<6).map { length / Double((direction.count == 1 ? 1 : 2) << $0) }
    return try PolynomialSlope.measured(widths: widths, floor: floor) { step in
      // How far the values really go, in F32.
      var place = 0.0
      for (move, value) in zip(direction, originals) {
        let moved = Float(Double(value) + step * move.weight)
        values[move.index] = moved
        place += move.weight * (Double(moved) - Double(value))
      }
      return (place, try loss())
    }
  }
}
