// The materialised form with one side solved for: equal to the additive form on rectangles of both
// kinds, with any number of threads, also where two products share an input; and back to products
// where dividing is not safe.
import SVFTAdapters
import SVFTFormats
import SVFTLayers
import SVFTTensor
import TestKit
import Testing

@Suite struct CoreSolverTests {
  /// up(x) + gate(x), then down: modules with out > in and out < in, two of them on one input.
  private final class Gates {
    let projections: [Projection]
    /// Of the last run.
    private(set) var multiplyAdds = 0

    init(_ format: any ElementFormat = ElementFormats.f32) throws {
      var random = RandomSource(seed: 5, purpose: "gates")
      projections = try [("up", 160, 32), ("gate", 160, 32), ("down", 32, 160)].map {
        name, rows, columns in
        let values = (0..<rows * columns).map { _ in
          Float(random.normal()) / Float(columns).squareRoot()
        }
        let bytes = try Buffer(byteCount: rows * format.rowBytes(columns))
        values.withUnsafeBufferPointer {
          if let base = $0.baseAddress {
            format.encode(base, count: rows * columns, into: bytes.pointer)
          }
        }
        let weight = try Weight(format: format, rows: rows, columns: columns, bytes: bytes)
        return Projection(
          name: name, weight: Slot(name: name, weight: weight, shape: [rows, columns]), bias: nil)
      }
    }

    func method(_ options: JSON) throws -> any AdapterMethod {
      let options = try AdapterOptions(options)
      return try options.method().init(
        options, ModelSites(projections: projections, heads: [], slots: []),
        FactorStore(threads: 2))
    }

    /// Outputs, the gradient of the input and those of M, with M disturbed by `size`.
    func run(_ form: String, _ pattern: JSON.Object, size: Double, threads: Int) throws -> [[Float]]
    {
      var options = pattern
      (options["method"], options["form"]) = ("svft", .string(form))
      let method = try method(.object(options))
      method.disturb(size)
      try AdapterSet.attach(method, scale: 0.7)
      defer { AdapterSet.detach(method) }
      let graph = Graph(training: true)
      let x = graph.input(width: 32, differentiable: true)
      let sum = graph.add(
        try graph.project(x, projections[0]), try graph.project(x, projections[1]))
      let y = try graph.project(sum, projections[2])
      graph.output(y)
      let rows = 45
      let program = try Program(graph, rows: rows, threads: threads)
      let batch = try Batch(rows: rows, sequences: 1)
      try batch.setRows(rows)
      (batch.training, batch.compute) = (true, .f32)
      let watch = Stopwatch(program)
      program.stopwatch = watch
      var numbers = TestNumbers(seed: 9)
      let (inputs, direction) = (numbers.array(rows * 32), numbers.array(rows * 32))
      for (index, value) in inputs.enumerated() { program.values(x)[index] = value }
      try program.forward(batch)
      let outputs = (0..<rows * 32).map { program.values(y)[$0] }
      let seed = try #require(program.gradient(y))
      for (index, value) in direction.enumerated() { seed[index] = value }
      try program.backward(batch)
      multiplyAdds = watch.times.reduce(0) { $0 + $1.multiplyAdds }
      let gradient = try #require(program.gradient(x))
      return [outputs, (0..<rows * 32).map { gradient[$0] }]
        + method.parameters.map { Array($0.gradients) }
    }
  }

  static let patterns: [JSON] = [
    ["pattern": "plain"], ["pattern": "banded", "d": 3],
    ["pattern": "banded", "d": 2, "gate": true],
  ]

  @Test(arguments: patterns, [0.05, 40.0])
  func solvingEqualsMultiplying(_ pattern: JSON, _ size: Double) throws {
    let gates = try Gates()
    let pattern = try pattern.root("pattern")
    let expected = try gates.run("additive", pattern, size: size, threads: 1)
    let found = try gates.run("materialised", pattern, size: size, threads: 1)
    // A large M may be nearly singular itself, up to what `isUsable` allows.
    let bound: Float = size > 1 ? 3e-4 : 2e-5
    for (one, other) in zip(expected, found) { #expect(distance(one, other) < bound) }
    #expect(try gates.run("materialised", pattern, size: size, threads: 3) == found)
  }

  /// Random cells cannot be solved for: as many of them take the longer side of each product.
  @Test func theShorterSideIsReadWhereItIsSolvedFor() throws {
    let gates = try Gates()
    let random = JSON.Object([("pattern", "random"), ("count", 32)])
    _ = try gates.run("materialised", random, size: 0.05, threads: 1)
    let products = gates.multiplyAdds
    let plain = JSON.Object([("pattern", "plain")])
    _ = try gates.run("materialised", plain, size: 0.05, threads: 1)
    #expect(products - gates.multiplyAdds == 3 * 45 * 32 * (160 - 32))
  }

  @Test func onlyRectanglesWithNarrowBandsAreSolvedFor() throws {
    let narrow = try SparsityPattern.banded(order: 32, halfBandwidth: 2)
    let wide = try SparsityPattern.banded(order: 32, halfBandwidth: 9)
    func half(_ rows: Int, _ columns: Int, _ pattern: SparsityPattern) -> Int? {
      CoreSolver.halfBandwidth(rows: rows, columns: columns, of: pattern)
    }
    #expect(half(160, 32, narrow) == 2 && half(32, 160, narrow) == 2)
    #expect(half(32, 32, narrow) == nil && half(160, 32, wide) == nil)
    // Fewer directions than the matrix has leave a rest that M does not move.
    #expect(half(160, 40, narrow) == nil)
  }

  /// The limit lies where the noise of the products would be a fiftieth of the gradient.
  @Test(arguments: [true, false]) func whatIsTooLoudIsMultiplied(_ rounds: Bool) throws {
    let pattern = try SparsityPattern.banded(order: 32, halfBandwidth: 0)
    let buffer = try Buffer(of: Float.self, count: 32)
    let cells = buffer.values(Float.self)
    func usable(_ smallest: Double, moved: Float = 0) throws -> Bool {
      let sigma = (0..<32).map { $0 == 31 ? smallest : 1 }
      let solver = try CoreSolver(
        sigma, pattern, halfBandwidth: 0, isOfGradient: true, roundsToBF16: rounds)
      #expect(!solver.isUsable)
      cells[31] = moved
      solver.refresh(cells, scale: 1)
      return solver.isUsable
    }
    #expect(try usable(0.5))
    #expect(try usable(0.01) == !rounds)
    #expect(try !usable(0.5, moved: -0.5))
    #expect(try !usable(1e-8))
    #expect(try usable(0, moved: 0.5))
    #expect(try !usable(1, moved: .nan))
    // What is large in C is loud beside what is small.
    #expect(try usable(1, moved: 1e3) == !rounds)
  }
}
