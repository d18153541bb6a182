// Whole models against central differences of a float64 loss: every tensor of body and head,
// trained as itself. Along the gradient the slope must be its length, along others its projection.
// Single entries are the ops' own contract: through a whole model they drown in F32 rounding.
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
    probe.program.backward(probe.batch)
    let gradients = parameters.map { $0.gradients.map { Double($0) } }
    let lengths = gradients.map { $0.reduce(0) { $0 + $1 * $1 }.squareRoot() }
    let largest = lengths.max() ?? 0
    for (parameter, (gradient, length)) in zip(parameters, zip(gradients, lengths)) {
      // A key bias has none under a softmax: noise only.
      guard length > 1e-3 * largest else { continue }
      let count = Double(gradient.count)
      var directions = [gradient.map { $0 / length }]
      for _ in 0..<3 {
        directions.append(gradient.map { _ in (numbers.next() < 0 ? -1 : 1) / count.squareRoot() })
      }
      for direction in directions {
        let claimed = zip(gradient, direction).reduce(0) { $0 + $1.0 * $1.1 }
        let measured = try Self.slope(parameter, direction, loss)
        let scale = max(abs(claimed), length / count.squareRoot())
        #expect(abs(measured - claimed) <= 2e-3 * scale, "\(parameter.name)")
      }
    }
  }

  /// The derivative along a unit direction.
  ///
  /// Central differences at h and h/2, extrapolated, at the h
  /// where two successive values agree best. Curvature asks for a small one, rounding for a
  /// large.
  private static func slope(
    _ parameter: Parameter, _ direction: [Double], _ loss: () throws -> Double
  ) throws -> Double {
    let values = parameter.values
    let originals = Array(values)
    defer { _ = values.update(from: originals) }
    let length = originals.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
    func difference(_ h: Double) throws -> Double {
      var ends: [Double] = []
      for step in [h, -h] {
        for index in values.indices {
          values[index] = Float(Double(originals[index]) + step * direction[index])
        }
        ends.append(try loss())
      }
      return (ends[0] - ends[1]) / (2 * h)
    }
    var best = (value: 0.0, doubt: Double.infinity)
    var previous = Double.infinity
    for h in [0.06, 0.03, 0.015, 0.0075, 0.004].map({ $0 * length }) {
      let value = try (4 * difference(h / 2) - difference(h)) / 3
      if abs(value - previous) < best.doubt { best = (value, abs(value - previous)) }
      previous = value
    }
    return best.value
  }
}
