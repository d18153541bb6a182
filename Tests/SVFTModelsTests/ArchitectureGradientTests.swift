// Whole models against the slope of a float64 loss: every tensor of body and head, trained as
// itself, along three random directions and at 16 entries (TestKit, GradientCheck.swift).
import SVFTLayers
import SVFTModels
import SVFTTensor
import TestKit
import Testing

@Suite("Architecture gradients")
struct ArchitectureGradientTests {
  private static let sequences: [[Int32]] = [[1, 7, 0, 5], [2, 3, 8]]

  /// Of a seed and a deviation with which every tensor matters: no largest gradient, queries and
  /// keys included, is less than 0.04 of the model's largest. Where attention is nearly certain,
  /// theirs are differences of far larger numbers, and F32 leaves them less sure than the bar.
  private static let small = TinyModel.Size {
    $0.hidden = 8
    $0.feedForward = 12
    $0.heads = 2
    $0.keyValueHeads = 1
    $0.vocabulary = 9
    $0.context = 4
    $0.seed = 2
    $0.deviation = 0.35
  }

  static let families = [
    FamilyCase(name: "llama", model: .llama(small)),
    FamilyCase(name: "llama", model: .llama(small, tied: false, biases: true)),
    FamilyCase(name: "bert", model: .bert(small)),
    FamilyCase(name: "bert", model: .bert(small, labels: 3)),
  ]

  /// A tiny model with F32 stand-ins for all of its tensors, and the head it has.
  private static func trained(_ family: FamilyCase) throws
    -> (probe: ModelProbe, parameters: [Parameter])
  {
    let model = try family.load()
    let head: ModelProbe.Head =
      if model.classHead != nil {
        .classes
      } else if model.architecture.languageModelHead != nil {
        .languageModel
      } else {
        .none
      }
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
    let (probe, parameters) = try Self.trained(family)
    #expect(!parameters.isEmpty)
    // The loss is a fixed random combination of all outputs, so that its slope is the seed itself.
    var numbers = TestNumbers(seed: 5)
    let seeds = numbers.array(8 * probe.result.width)
    let complaints = try GradientCheck.run(parameters: parameters) {
      zip(try probe(Self.sequences).joined(), seeds).reduce(0) { sum, pair in
        sum + Double(pair.0) * Double(pair.1)
      }
    } gradients: {
      for parameter in parameters { parameter.gradients.update(repeating: 0) }
      _ = try probe(Self.sequences)
      let target = try #require(probe.program.gradient(probe.result))
      for (index, seed) in seeds.enumerated() { target[index] = seed }
      try probe.program.backward(probe.batch)
    }
    #expect(complaints.isEmpty, "\(complaints.joined(separator: "\n"))")
  }
}
