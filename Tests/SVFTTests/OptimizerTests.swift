// Updates against numbers worked out by hand and against the formulas in Double.
import SVFT
import SVFTLayers
import SVFTTensor
import Testing

@Suite struct OptimizerTests {
  private func parameter(
    _ values: [Float], _ gradients: [Float], decays: Bool = true,
    group: Parameter.Group = .adapter
  ) throws -> Parameter {
    let parameter = try Parameter(
      "p", rows: 1, columns: values.count, group: group, decays: decays)
    _ = parameter.values.update(from: values)
    _ = try parameter.requireGradient()
    _ = parameter.gradients.update(from: gradients)
    return parameter
  }

  private func options(_ change: (inout TrainingOptions) -> Void) -> TrainingOptions {
    var options = TrainingOptions()
    options.epsilon = 0
    change(&options)
    return options
  }

  private func close(_ a: Float, _ b: Double) -> Bool { abs(Double(a) - b) <= 1e-6 * abs(b) }

  @Test func theFirstStepOfAdamWIsTheSignOfTheGradient() throws {
    let parameter = try parameter([1, -2], [0.5, -3e-4])
    try Optimizer([parameter], options { _ in }).update(rate: 0.1, headRate: 9)
    #expect(close(parameter.values[0], 0.9) && close(parameter.values[1], -1.9))
  }

  @Test func aParameterMayLearnFasterThanItsGroup() throws {
    let parameters = [
      try parameter([1], [0.5]), try parameter([1], [0.5]), try parameter([1], [0.5], group: .head),
    ]
    for index in 1...2 { parameters[index].rateFactor = 3 }
    try Optimizer(parameters, options { _ in }).update(rate: 0.1, headRate: 0.2)
    for (parameter, expected) in zip(parameters, [0.9, 0.7, 0.4]) {
      #expect(close(parameter.values[0], expected))
    }
  }

  @Test func decayIsDecoupledFromTheGradient() throws {
    // 1 - 0.1 · (1 + 0.2 · 1) and -2 - 0.1 · (-1 + 0.2 · -2)
    let parameter = try parameter([1, -2], [0.5, -3e-4])
    try Optimizer([parameter], options { $0.weightDecay = 0.2 }).update(rate: 0.1, headRate: 9)
    #expect(close(parameter.values[0], 0.88) && close(parameter.values[1], -1.86))
  }

  @Test func adamWFollowsItsFormulaOverManySteps() throws {
    let options = options {
      $0.beta1 = 0.8
      $0.beta2 = 0.95
      $0.epsilon = 1e-2
      $0.weightDecay = 0.03
    }
    let subject = try parameter([1], [0])
    let optimizer = try Optimizer([subject], options)
    var (x, m, v) = (1.0, 0.0, 0.0)
    for step in 1...20 {
      let g = Double(Float(0.3 - 0.1 * Double(step % 7)))
      subject.gradients[0] = Float(g)
      optimizer.update(rate: 0.05, headRate: 0)
      m = 0.8 * m + 0.2 * g
      v = 0.95 * v + 0.05 * g * g
      let (first, second) = (1 - power(0.8, step), 1 - power(0.95, step))
      x -= 0.05 * ((m / first) / ((v / second).squareRoot() + 1e-2) + 0.03 * x)
      #expect(abs(Double(subject.values[0]) - x) < 2e-6, "step \(step)")
    }
    #expect(optimizer.updates == 20)
  }

  private func power(_ base: Double, _ exponent: Int) -> Double {
    (0..<exponent).reduce(1) { product, _ in product * base }
  }

  @Test func momentumOfSGDAddsUp() throws {
    let subject = try parameter([1], [0.5])
    let optimizer = try Optimizer(
      [subject],
      options {
        $0.optimizer = .sgd
        $0.momentum = 0.9
        $0.weightDecay = 0.1
      })
    optimizer.update(rate: 0.1, headRate: 0)
    #expect(close(subject.values[0], 0.94))  // m = 0.5 + 0.1 · 1
    optimizer.update(rate: 0.1, headRate: 0)
    #expect(close(subject.values[0], 0.8266))  // m = 0.9 · 0.6 + 0.5 + 0.1 · 0.94
  }

  @Test func plainSGDNeedsNoState() throws {
    let subject = try parameter([1], [0.5])
    let optimizer = try Optimizer([subject], options { $0.optimizer = .sgd })
    optimizer.update(rate: 0.1, headRate: 0)
    #expect(close(subject.values[0], 0.95))
    #expect(optimizer.first[0].byteCount == 0 && optimizer.second[0].byteCount == 0)
  }

  @Test(arguments: TrainingOptions.Optimizer.allCases)
  func decayRateAndFreezingGoByParameter(_ rule: TrainingOptions.Optimizer) throws {
    let bias = try parameter([1], [0], decays: false)
    let head = try parameter([1], [0.5], decays: false, group: .head)
    let frozen = try parameter([1], [0.5])
    frozen.isFrozen = true
    let optimizer = try Optimizer(
      [bias, head, frozen],
      options {
        $0.optimizer = rule
        $0.weightDecay = 0.5
        $0.epsilon = 1e-8
      })
    optimizer.update(rate: 0.1, headRate: 0.2)
    #expect(bias.values[0] == 1 && frozen.values[0] == 1)
    #expect(abs(head.values[0] - (rule == .adamw ? 0.8 : 0.9)) < 1e-6)
  }

  @Test func theNormIsOverAllThatIsNotFrozen() throws {
    let parameters = [
      try parameter([0, 0], [3, 0]), try parameter([0], [-4]), try parameter([0], [100]),
    ]
    parameters[2].isFrozen = true
    let optimizer = try Optimizer(parameters, options { _ in })
    #expect(optimizer.gradientNorm() == 5)
    optimizer.scaleGradients(by: 0.5)
    #expect(optimizer.gradientNorm() == 2.5)
    try optimizer.clearGradients()
    #expect(parameters.allSatisfy { $0.gradients.allSatisfy { $0 == 0 } })
  }

  /// Parts are cut by length alone, so that a team changes no bit of norm, values or moments.
  @Test(arguments: [TrainingOptions.Optimizer.adamw, .sgd])
  func everyTeamMakesTheSameUpdate(rule: TrainingOptions.Optimizer) throws {
    func run(threads: Int) throws -> [UInt32] {
      let values = (0..<100_003).map { Float($0 % 97) / 50 - 1 }
      let parameters = try [
        parameter(values, values.map { $0 * $0 - 0.3 }), parameter([1], [2]),
      ]
      let optimizer = try Optimizer(
        parameters,
        options {
          $0.optimizer = rule
          $0.momentum = 0.9
        }, threads: threads)
      let norm = optimizer.gradientNorm()
      optimizer.scaleGradients(by: 0.7)
      for _ in 0..<2 { optimizer.update(rate: 0.01, headRate: 0.01) }
      let results = parameters.flatMap { Array($0.values) }.map(\.bitPattern)
      try optimizer.clearGradients()
      #expect(parameters.allSatisfy { $0.gradients.allSatisfy { $0 == 0 } })
      return results + [UInt32(truncatingIfNeeded: norm.bitPattern)]
    }
    let alone = try run(threads: 1)
    for threads in [2, 3] { #expect(try run(threads: threads) == alone) }
  }
}
