// Whole models against the slope of a float64 loss: every tensor of body and head, trained as
// itself, along three random directions and at 16 entries.
//
// The forward pass is F32, so slopes come from fits over many places (PolynomialSlope). They meet
// 1e-3 · max(|g|, 1e-2 ‖g‖∞), the ops' own bar, for every tensor but BERT's queries and keys whose
// gradients are 20 times smaller than the model's largest: there rounding leaves 2e-6 of that
// largest one uncertain (2.9e-3 instead of 1e-3), hence the floor of 5e-6 of it.
import SVFTLayers
import SVFTModels
import SVFTTensor
import TestKit
import Testing

@Suite("Architecture gradients")
struct ArchitectureGradientTests {
  private static let sequences: [[Int32]] = [[1, 7, 0], [2]]

  private static let small = TinyModel.Size {
    $0.hidden = 8
    $0.feedForward = 12
    $0.heads = 2
    $0.keyValueHeads = 1
    $0.vocabulary = 9
    $0.context = 4
    $0.deviation = 0.5
  }

  static let families = [
    FamilyCase(name: "llama", model: .llama(small)),
    FamilyCase(name: "llama", model: .llama(small, tied: false, biases: true)),
    FamilyCase(name: "bert", model: .bert(small)),
  ]

  /// A tiny model with F32 stand-ins for all of its tensors.
  private static func trained(_ family: FamilyCase, _ head: ModelProbe.Head) throws
    -> (probe: ModelProbe, parameters: [Parameter])
  {
    let model = try family.load()
    let parameters = try model.slots.map { slot in
      let weight = slot.weight
      let parameter = try Parameter(slot.name, rows: weight.rows, columns: weight.columns)
      if let values = parameter.values.baseAddress {
        weight.decode(rows: 0..<weight.rows, into: values)
      }
      slot.standIn = parameter
      return parameter
    }
    let probe = try ModelProbe(model, head, rows: 8, training: true)
    let reached = Set(probe.graph.parameters.map { ObjectIdentifier($0) })
    return (probe, parameters.filter { reached.contains(ObjectIdentifier($0)) })
  }

  @Test("Every tensor's gradient equals central differences", arguments: families)
  func differences(_ family: FamilyCase) throws {
    let isDecoder = family.name == "llama"
    let head = isDecoder ? ModelProbe.Head.languageModel : .none
    let (probe, parameters) = try Self.trained(family, head)
    #expect(!parameters.isEmpty)
    // The loss is a fixed random combination of all outputs, so that its slope is the seed itself.
    var numbers = TestNumbers(seed: 5)
    let seeds = numbers.array(8 * probe.result.width)
    let loss = {
      zip(try probe(Self.sequences).joined(), seeds).reduce(0) { sum, pair in
        sum + Double(pair.0) * Double(pair.1)
      }
    }
    _ = try loss()
    let target = try #require(probe.program.gradient(probe.result))
    for (index, seed) in seeds.enumerated() { target[index] = seed }
    try probe.program.backward(probe.batch)
    let gradients = parameters.map { $0.gradients.map { Double($0) } }
    let largest = gradients.joined().map(abs).max() ?? 0
    for (parameter, gradient) in zip(parameters, gradients) {
      let top = gradient.map(abs).max() ?? 0
      // A key bias has none under a softmax: noise only.
      guard top > 1e-4 * largest else { continue }
      let count = gradient.count
      var random = RandomSource(seed: 7, purpose: parameter.name)
      var directions = random.permutation(count).prefix(16).map { [(index: $0, weight: 1.0)] }
      for _ in 0..<3 {
        let weight = 1 / Double(count).squareRoot()
        directions.append(
          (0..<count).map { ($0, random.word() & 1 == 0 ? weight : -weight) })
      }
      for direction in directions {
        let claimed = direction.reduce(0) { $0 + gradient[$1.index] * $1.weight }
        let measured = try Self.slope(parameter, direction, loss)
        let scale = max(abs(claimed), 1e-2 * top, 5e-3 * largest)
        #expect(abs(measured - claimed) <= 1e-3 * scale, "\(parameter.name)")
      }
    }
  }

  /// The derivative along a direction; the tensor is as before afterwards.
  private static func slope(
    _ parameter: Parameter, _ direction: [(index: Int, weight: Double)],
    _ loss: () throws -> Double
  ) throws -> Double {
    let values = parameter.values
    let originals = direction.map { values[$0.index] }
    defer {
      for (move, value) in zip(direction, originals) { values[move.index] = value }
    }
    let size = values.reduce(0) { $0 + Double($1) * Double($1) } / Double(values.count)
    let scale = size.squareRoot() * Double(direction.count).squareRoot()
    let steps = direction.count == 1 ? [0.8, 0.4, 0.2, 0.1] : [0.4, 0.2, 0.1, 0.05]
    return try PolynomialSlope.measured(steps: steps.map { $0 * scale }) { step in
      for (move, value) in zip(direction, originals) {
        values[move.index] = Float(Double(value) + step * move.weight)
      }
      let place = direction.reduce(0.0) { sum, move in
        sum + move.weight * Double(values[move.index])
      }
      return (place, try loss())
    }
  }
}
