// Gradients of block scales against central differences of the numbers they multiply; and those of
// everything else, which stay as they are without them.
import SVFTAdapters
import SVFTFormats
import SVFTLayers
import SVFTTensor
import TestKit
import Testing

@Suite struct ScaleGradientTests {
  private struct Step {
    let scales: LearnedScales
    let rounded: RoundedModules
    let bench: RoundingBench
    let session: TinySession
    let input: [Float]
  }

  /// A step with trained scales `p` on one module; nil leaves scales alone.
  private func step(
    _ format: any ElementFormat, p: Float?, threads: Int = 2
  ) throws -> Step {
    let bench = try RoundingBench(format, ["method": "lora", "targets": ["up_proj"], "r": 3])
    bench.method.disturb(0.05)
    let scales = try LearnedScales(bench.method.projections, rate: 1)
    for parameter in scales.parameters {
      for index in parameter.values.indices {
        parameter.values[index] = (p ?? 0) * (index % 2 == 0 ? 1 : -1)
      }
    }
    let rounded = try bench.rounded(
      RoundingBench.awareness("stored", p == nil ? "frozen" : "learned"),
      learned: p == nil ? nil : scales)
    try AdapterSet.attach(bench.method, rounded: rounded)
    let session = try bench.model.session(training: true, threads: threads)
    for parameter in bench.method.parameters + scales.parameters {
      parameter.gradients.update(repeating: 0)
    }
    return Step(
      scales: scales, rounded: rounded, bench: bench, session: session,
      input: try session.gradients())
  }

  /// D = gᵀx of the module, from unit inputs of its own: ∂loss/∂Q by central differences is exact,
  /// because the loss is linear in Q.
  private func definition(_ step: Step) throws -> [Double] {
    let projection = step.bench.model.wide
    let weight = try #require(step.rounded.matrix(projection)?.weight)
    let (rows, columns) = (weight.rows, weight.columns)
    // The same model with Q in F32, so that it can be moved.
    let moved = try TinyChain(weight.format, interleaved: true)
    let values = try weight.decoded()
    let dense = DenseMatrix32(
      try Weight(format: ElementFormats.f32, rows: rows, columns: columns, bytes: values))
    moved.wide.attachments = [
      SVFTLayers.Attachment(step.bench.method, scale: 1, rounded: dense)
    ]
    let session = try moved.session()
    let numbers = values.values(Float.self)
    let base = try projection.weight.weight.fileBytes()
    let codes = try weight.fileBytes()
    var result = [Double](repeating: 0, count: rows)
    for row in 0..<rows {
      let place = row * weight.format.blockBytes
      let kernels = weight.format.kernels
      let old = Double(kernels.scale(of: Array(base[place..<place + 2])))
      let new = Double(kernels.scale(of: Array(codes[place..<place + 2])))
      for column in 0..<columns {
        let index = row * columns + column
        let before = numbers[index]
        numbers[index] = before + 0.5
        let above = try session.loss()
        numbers[index] = before - 0.5
        let slope = try above - session.loss()
        numbers[index] = before
        result[row] += slope * Double(before) * old / new
      }
    }
    return result
  }

  private final class DenseMatrix32: RoundedMatrix {
    let weight: Weight
    init(_ weight: Weight) { self.weight = weight }
    func shadow(_ path: Value, _ x: Value, _ graph: Graph) -> Value { path }
  }

  @Test(arguments: ["Q8_0", "Q4_0"], [0, 0.2] as [Float])
  func gradientsAreThoseOfTheDefinition(_ name: String, _ p: Float) throws {
    let step = try step(ElementFormats.required(name), p: p)
    let expected = try definition(step)
    let found = step.scales.parameters[0].gradients.map(Double.init)
    #expect(found.count == expected.count)
    let largest = expected.map(abs).max() ?? 0
    for (a, b) in zip(found, expected) { #expect(abs(a - b) < 1e-3 * largest) }
    #expect(largest > 0)
  }

  @Test func anyTeamGivesTheSameBits() throws {
    let one = try step(Q4_0(), p: 0.1, threads: 1)
    let three = try step(Q4_0(), p: 0.1, threads: 3)
    #expect(
      one.scales.parameters[0].gradients.elementsEqual(three.scales.parameters[0].gradients))
  }

  @Test func otherGradientsAreAsWithout() throws {
    let (with, without) = (try step(Q4_0(), p: 0), try step(Q4_0(), p: nil))
    #expect(with.input == without.input)
    for (a, b) in zip(with.bench.method.parameters, without.bench.method.parameters) {
      #expect(a.gradients.elementsEqual(b.gradients))
    }
  }
}
