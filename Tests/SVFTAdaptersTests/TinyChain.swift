// Two linear modules and a head on random weights, with everything adapters can meet: rectangles of
// both kinds, a square, a bias, interleaved rows, an F32 vector. Small enough for central
// differences.
import SVFTAdapters
import SVFTFormats
import SVFTLayers
import SVFTTensor
import TestKit
import Testing

/// y = head(tanh-free chain of projections), with its sites.
final class TinyChain {
  let wide: Projection  // [24, 32]
  let square: Projection  // [32, 32] on the input
  let tall: Projection  // [32, 24]
  let head: Projection  // [3, 32]
  let sites: ModelSites
  let factors: FactorStore

  init(
    _ format: any ElementFormat = ElementFormats.f32, interleaved: Bool = false,
    factors: FactorStore = FactorStore(threads: 2), seed: UInt64 = 1, falling: Float = 1
  ) throws {
    func projection(_ name: String, _ rows: Int, _ columns: Int, bias: Bool, order: RowOrder)
      throws -> Projection
    {
      let fits = format.fits(columns: columns) ? format : ElementFormats.f32
      let weight = Slot(
        name: "\(name).weight",
        weight: try Self.weight(name, rows, columns, fits, order, seed, falling),
        shape: [rows, columns], rowOrder: order)
      let vector = Slot(
        name: "\(name).bias",
        weight: try Self.weight("\(name).bias", 1, rows, ElementFormats.f32, .canonical, seed),
        shape: [rows])
      return Projection(name: name, weight: weight, bias: bias ? vector : nil)
    }
    let order: RowOrder = interleaved ? .interleaved(headWidth: 8) : .canonical
    square = try projection("body.layers.0.q_proj", 32, 32, bias: false, order: order)
    wide = try projection("body.layers.0.up_proj", 24, 32, bias: true, order: .canonical)
    tall = try projection("body.layers.0.down_proj", 32, 24, bias: true, order: .canonical)
    head = try projection("classifier", 3, 32, bias: true, order: .canonical)
    sites = ModelSites(projections: [square, wide, tall], heads: [head], slots: [])
    self.factors = factors
  }

  /// Random values that depend on the name and the canonical row alone, each row `falling` times
  /// the one before.
  private static func weight(
    _ name: String, _ rows: Int, _ columns: Int, _ format: any ElementFormat, _ order: RowOrder,
    _ seed: UInt64, _ falling: Float = 1
  ) throws -> Weight {
    var random = RandomSource(seed: seed, purpose: name)
    let values = try Buffer(of: Float.self, count: rows * columns)
    var factor: Float = 1
    for row in 0..<rows {
      let stored = order.stored(row)
      for column in 0..<columns {
        values.values(Float.self)[stored * columns + column] =
          factor * Float(random.normal()) / Float(columns).squareRoot()
      }
      factor *= falling
    }
    let bytes = try Buffer(byteCount: rows * format.rowBytes(columns))
    format.encode(
      values.pointer.assumingMemoryBound(to: Float.self), count: rows * columns, into: bytes.pointer
    )
    return try Weight(format: format, rows: rows, columns: columns, bytes: bytes)
  }

  /// Records input → square, its rows made canonical → wide → tall → head.
  func record(
    training: Bool, lanes: [Lane] = []
  ) throws -> (graph: Graph, input: Value, output: Value) {
    let graph = Graph(training: training, lanes: lanes)
    let input = graph.input(width: 32, differentiable: training)
    var value = try graph.project(input, square)
    if case .interleaved = square.weight.rowOrder {
      let order = CanonicalOrder(value, graph.value(width: 32), square.weight.rowOrder)
      graph.record(order)
      value = order.writes[0]
    }
    value = try graph.project(value, wide)
    value = try graph.project(value, tall)
    let output = try graph.project(value, head)
    graph.output(output)
    return (graph, input, output)
  }

  /// A replayable recording with `rows` random input rows.
  func session(training: Bool = false, rows: Int = 37, threads: Int = 2) throws -> TinySession {
    try TinySession(self, training: training, rows: rows, threads: threads)
  }

  /// A recording whose rows have lanes, -1 for none.
  func session(_ lanes: [Lane], of rows: [Int32], threads: Int = 2) throws -> TinySession {
    let session = try TinySession(
      self, training: false, rows: rows.count, threads: threads, lanes: lanes)
    for (row, lane) in rows.enumerated() { session.batch.setLane(lane, ofRow: row) }
    return session
  }
}

/// Permutes columns from stored to canonical order, as rotary embedding does without moving
/// anything.
private final class CanonicalOrder: Op {
  let reads: [Value]
  let writes: [Value]
  let keeps: [Value] = []
  private let order: RowOrder

  init(_ x: Value, _ y: Value, _ order: RowOrder) {
    reads = [x]
    writes = [y]
    self.order = order
  }

  func forward(_ run: Run) {
    let width = reads[0].width
    let (x, y) = (run.pointer(reads[0]), run.pointer(writes[0]))
    for row in run.team.share(of: run.rows) {
      for i in 0..<width { y[row * width + i] = x[row * width + order.stored(i)] }
    }
  }

  func backward(_ run: Run) {
    guard let g = run.gradient(writes[0]), let dx = run.target(0) else { return }
    let width = reads[0].width
    for row in run.team.share(of: run.rows) {
      for i in 0..<width {
        let place = row * width + order.stored(i)
        dx.pointer[place] = (dx.accumulate ? dx.pointer[place] : 0) + g[row * width + i]
      }
    }
  }
}

/// A program on fixed random input, with a fixed random direction as its loss: L = Σ c·y.
final class TinySession {
  let program: Program
  let batch: Batch
  private let input: Value
  private let output: Value
  private let rows: Int
  let direction: [Float]
  /// What the program reads; a test may change it.
  let inputs: Buffer

  init(
    _ model: TinyChain, training: Bool, rows: Int, threads: Int, lanes: [Lane] = []
  ) throws {
    let (graph, input, output) = try model.record(training: training, lanes: lanes)
    program = try Program(graph, rows: rows, threads: threads)
    batch = try Batch(rows: rows, sequences: 1)
    try batch.setRows(rows)
    batch.training = training
    batch.compute = .f32
    var random = RandomSource(seed: 7, purpose: "input")
    inputs = try Buffer(of: Float.self, count: rows * input.width)
    let values = inputs.values(Float.self)
    for index in values.indices { values[index] = Float(random.normal()) }
    direction = (0..<rows * output.width).map { _ in Float(random.normal()) }
    (self.input, self.output, self.rows) = (input, output, rows)
  }

  /// The outputs of the fixed input.
  func outputs() throws -> [Float] {
    for (index, value) in inputs.values(Float.self).enumerated() {
      program.values(input)[index] = value
    }
    try program.forward(batch)
    return (0..<rows * output.width).map { program.values(output)[$0] }
  }

  /// L in float64.
  func loss() throws -> Double {
    try zip(outputs(), direction).reduce(0) { $0 + Double($1.0) * Double($1.1) }
  }

  /// Forward and backward; gives the gradient of the input.
  @discardableResult
  func gradients() throws -> [Float] {
    _ = try outputs()
    if let seed = program.gradient(output) {
      for (index, value) in direction.enumerated() { seed[index] = value }
    }
    try program.backward(batch)
    guard let gradient = program.gradient(input) else { return [] }
    return (0..<rows * input.width).map { gradient[$0] }
  }

  /// The input as a tensor whose gradient can be checked.
  func subject() throws -> GradientCheck.Subject {
    let gradient = try #require(program.gradient(input))
    let values = inputs.values(Float.self)
    return GradientCheck.Subject(
      "input", values: values,
      gradients: UnsafeMutableBufferPointer(start: gradient, count: values.count))
  }
}

/// Options that make every method do something on the tiny model, and variants of SVFT.
enum TinyOptions {
  static let svft: [JSON] = [
    ["method": "svft"],
    ["method": "svft", "pattern": "banded", "d": 2],
    ["method": "svft", "pattern": "banded", "d": 2, "form": "materialised"],
    ["method": "svft", "pattern": "random", "d": 2],
    ["method": "svft", "pattern": "random", "d": 2, "duplicates": true, "gate": true],
    ["method": "svft", "pattern": "topk", "d": 2, "targets": ["q_proj"], "score": "alignment"],
    [
      "method": "svft", "pattern": "banded", "d": 1, "rank": 5, "gate": true,
      "form": "materialised",
    ],
    ["method": "svft", "bias": "targets", "modules_to_save": ["classifier"]],
    ["method": "svft", "pattern": "banded", "d": 2, "form": "one-sided"],
    [
      "method": "svft", "pattern": "random", "d": 2, "rank": 7, "gate": true, "form": "one-sided",
    ],
    ["method": "svft", "pattern": "random", "d": 2, "gate": true, "form": "factored"],
    ["method": "svft", "pattern": "banded", "d": 1, "form": "auto"],
    ["method": "svft", "factors": "bf16"],
    ["method": "svft", "pattern": "banded", "d": 2, "factors": "q8_0", "gate": true],
    ["method": "svft", "pattern": "random", "d": 2, "factors": "q8_0", "rank": 7],
  ]

  /// Variants that leave of W its first directions alone: they start elsewhere than at W.
  static let cutting: [JSON] = [
    ["method": "svft", "pattern": "banded", "d": 1, "rank": 5, "residual": false],
    ["method": "svft", "pattern": "random", "d": 1, "rank": 9, "authors": true],
    ["method": "svft", "rank": 7, "iterations": 8, "residual": false],
  ]

  static let all: [JSON] =
    AdapterMethods.all.map { ["method": .string($0.name)] } + svft.dropFirst() + [
      ["method": "lora", "r": 3, "alpha": 5.0, "use_rslora": true, "init": "gaussian"],
      ["method": "lora", "bias": "all"],
    ]
}

extension JSON {
  /// Whether an adapter of these options trains nothing beside its projections.
  var isOfProjectionsAlone: Bool {
    guard let options = try? root("options") else { return false }
    return !options.has("modules_to_save") && !options.has("bias")
  }
}

extension FactorStore {
  /// Both factors of tensors.
  func factors(
    _ slots: [Slot], _ truncation: SVD.Truncation? = nil
  ) throws(SVFTError) -> [Factors] {
    try vectors(slots, Wish(truncation)).compactMap { vectors in
      if case .both(let factors) = vectors { factors } else { nil }
    }
  }
}

extension TinyChain {
  /// A fresh method on this model.
  func method(_ options: JSON) throws -> any AdapterMethod {
    let options = try AdapterOptions(options)
    return try options.method().init(options, sites, factors)
  }
}

extension AdapterMethod {
  var allParameters: [Parameter] { parameters + standIns.map(\.parameter) }

  /// Moves every trained value by a small random amount.
  func disturb(_ size: Double = 0.1) {
    var random = RandomSource(seed: 3, purpose: "disturb")
    for parameter in allParameters {
      for index in parameter.values.indices {
        parameter.values[index] += Float(size * random.normal())
      }
    }
    refresh(threads: 2)
  }
}
