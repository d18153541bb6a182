// Rounded directions of a matrix are the same in whatever order its rows lie.
import SVFTAdapters
import SVFTFormats
import SVFTLayers
import SVFTTensor
import Testing

@Suite struct ColumnOrderTests {
  /// A wide module [64, 96] whose rows lie in `order`.
  private func module(_ order: RowOrder) throws -> Projection {
    var random = RandomSource(seed: 5, purpose: "wide")
    let values = try Buffer(of: Float.self, count: 64 * 96)
    for row in 0..<64 {
      for column in 0..<96 {
        values.values(Float.self)[order.stored(row) * 96 + column] = Float(random.normal())
      }
    }
    let slot = Slot(
      name: "k.weight",
      weight: try Weight(format: ElementFormats.f32, rows: 64, columns: 96, bytes: values),
      shape: [64, 96], rowOrder: order)
    return Projection(name: "k", weight: slot, bias: nil)
  }

  private func method(_ projection: Projection) throws -> any AdapterMethod {
    let options = try AdapterOptions([
      "method": "svft", "pattern": "banded", "d": 2, "factors": "q8_0",
    ])
    let sites = ModelSites(projections: [projection], heads: [], slots: [])
    let method = try options.method().init(options, sites, FactorStore())
    method.disturb()
    return method
  }

  /// Outputs for 5 rows, and the gradient of their sum of products with the row's number.
  private func run(_ projection: Projection) throws -> (outputs: [Float], gradient: [Float]) {
    let graph = Graph(training: true)
    let input = graph.input(width: 96, differentiable: true)
    let output = try graph.project(input, projection)
    graph.output(output)
    let program = try Program(graph, rows: 5, threads: 2)
    let batch = try Batch(rows: 5, sequences: 1)
    try batch.setRows(5)
    batch.training = true
    batch.compute = .f32
    for index in 0..<5 * 96 { program.values(input)[index] = Float(index % 13) - 6 }
    try program.forward(batch)
    let outputs = (0..<5 * 64).map { index in
      let (row, column) = (index / 64, index % 64)
      return program.values(output)[row * 64 + projection.weight.rowOrder.stored(column)]
    }
    let seed = try #require(program.gradient(output))
    for row in 0..<5 {
      for column in 0..<64 {
        seed[row * 64 + projection.weight.rowOrder.stored(column)] = Float(column % 7) - 3
      }
    }
    try program.backward(batch)
    let gradient = try #require(program.gradient(input))
    return (outputs, (0..<5 * 96).map { gradient[$0] })
  }

  @Test func foldersAndFilesOfOneModelRoundAlike() throws {
    let order = RowOrder.interleaved(headWidth: 16)
    let (plain, turned) = (try module(.canonical), try module(order))
    let methods = (try method(plain), try method(turned))
    try AdapterSet.attach(methods.0)
    try AdapterSet.attach(methods.1)
    let (one, other) = (try run(plain), try run(turned))
    #expect(distance(one.outputs, other.outputs) < 1e-5)
    #expect(distance(one.gradient, other.gradient) < 1e-5)
    for (a, b) in zip(methods.0.parameters, methods.1.parameters) {
      #expect(distance(Array(a.gradients), Array(b.gradients)) < 1e-5)
    }
    var deltas = [[Float]](repeating: [Float](repeating: 0, count: 64 * 96), count: 2)
    try methods.0.addDelta(plain, rows: 0..<64, scale: 1, to: &deltas[0])
    try methods.1.addDelta(turned, rows: 0..<64, scale: 1, to: &deltas[1])
    let back = (0..<64).flatMap { row in
      deltas[1][order.stored(row) * 96..<(order.stored(row) + 1) * 96]
    }
    #expect(distance(deltas[0], back) < 1e-5)
  }
}
