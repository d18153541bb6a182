// Nothing is allocated while a program replays: a counter in front of the allocator sees 0 blocks
// over 100 decoded tokens and over 10 training steps, after warm-up. Each count runs in a process
// of its own, because tests beside it allocate.
import CAllocations
import SVFT
import SVFTAdapters
import SVFTFormats
import SVFTLayers
import SVFTModels
import SVFTTensor
import TestKit
import Testing

@Suite struct ReplayAllocationTests {
  /// A tiny decoder with a body and a head program.
  struct Machine {
    let loaded: LoadedModel
    let body: Program
    let head: Program
    let hidden: Value
    let input: Value
    let output: Value
    let batch: Batch
    let headBatch: Batch

    /// An adapter that is attached and trains, or several for single rows.
    init(
      adapter: String?, lanes own: [String] = [], rows: Int,
      _ loading: WeightReader.Loading = .init()
    ) throws {
      let folder = try TemporaryFolder()
      try TinyModel.llama().write(folder: folder.path)
      loaded = try Checkpoint(folder.path).load(loading)
      let training = adapter != nil
      if let adapter { try AdapterSet.attach(Self.method(adapter, loaded)) }
      var lanes: [Lane] = []
      for options in own {
        let method = try Self.method(options, loaded)
        lanes.append(Lane(method, scale: 1, on: method.projections))
      }
      let bodyGraph = Graph(training: training, lanes: lanes)
      hidden = try loaded.architecture.record(bodyGraph)
      bodyGraph.output(hidden)
      let headGraph = Graph(training: training, lanes: lanes)
      input = headGraph.input(width: hidden.width, differentiable: training)
      let languageHead = try #require(loaded.architecture.languageModelHead)
      output = try languageHead.record(input, headGraph)
      headGraph.output(output)
      if training { headGraph.crossEntropy(output) }
      body = try Program(bodyGraph, rows: rows, threads: 2)
      head = try Program(headGraph, rows: rows, threads: 2)
      batch = try Batch(rows: rows, sequences: 4)
      headBatch = try Batch(rows: rows, sequences: 1)
      batch.training = training
      headBatch.training = training
    }

    private static func method(
      _ options: String, _ loaded: LoadedModel
    ) throws -> any AdapterMethod {
      let head = [loaded.architecture.languageModelHead?.projection].compactMap { $0 }
      let sites = ModelSites(
        projections: loaded.projections, heads: head, slots: loaded.slots)
      let options = try AdapterOptions(.object(JSON.parse(options).root("options")))
      return try options.method().init(options, sites, FactorStore(threads: 2))
    }
  }

  static let tokens: [Int32] = (0..<32).map { Int32($0 % 16) }

  /// From the file's numbers, and from strips of 8 bit.
  @Test func decodingAllocatesNothing() async {
    await #expect(processExitsWith: .success) { try Self.decodeWithoutAllocating(.init()) }
    await #expect(processExitsWith: .success) {
      try Self.decodeWithoutAllocating(
        .init(quantization: Quantization(ElementFormats.required("Q8_0")), inStrips: true))
    }
  }

  private static func decodeWithoutAllocating(_ loading: WeightReader.Loading) throws {
    let machine = try Machine(adapter: nil, rows: 32, loading)
    machine.batch.cache = try KVCache(
      layers: machine.loaded.architecture.geometry.layers, slots: 1, context: 160,
      width: machine.loaded.architecture.geometry.keyValueWidth)
    try machine.batch.append(Self.tokens)
    try machine.body.forward(machine.batch)
    let token: [Int32] = [3]
    func decode(_ range: Range<Int>) throws {
      for position in range {
        machine.batch.clear()
        try machine.batch.append(token, past: position)
        try machine.body.forward(machine.batch)
        try machine.headBatch.setRows(1)
        try machine.head.forward(machine.headBatch)
      }
    }
    try decode(32..<36)
    svft_allocations_begin()
    try decode(36..<136)
    let count = svft_allocations_end()
    try #require(count <= 0, "\(count) allocations over 100 tokens")
  }

  @Test func decodingWithAdaptersOfSingleRowsAllocatesNothing() async {
    await #expect(processExitsWith: .success) {
      let machine = try Machine(
        adapter: nil,
        lanes: [
          #"{"method":"svft","pattern":"banded","d":2}"#, #"{"method":"lora","r":4}"#,
          #"{"method":"svft"}"#,
        ], rows: 8)
      machine.batch.cache = try KVCache(
        layers: machine.loaded.architecture.geometry.layers, slots: 4, context: 160,
        width: machine.loaded.architecture.geometry.keyValueWidth)
      let token: [Int32] = [3]
      func decode(_ range: Range<Int>) throws {
        for position in range {
          machine.batch.clear()
          for (slot, lane) in [0, 1, 2, -1].enumerated() {
            try machine.batch.append(token, past: position, slot: slot, lane: Int32(lane))
          }
          try machine.body.forward(machine.batch)
          try machine.headBatch.setRows(4)
          for row in 0..<4 { machine.headBatch.setLane(machine.batch.lanes[row], ofRow: row) }
          try machine.head.forward(machine.headBatch)
        }
      }
      try decode(0..<4)
      svft_allocations_begin()
      try decode(4..<104)
      let count = svft_allocations_end()
      try #require(count <= 0, "\(count) allocations over 100 steps")
    }
  }

  @Test func trainingAllocatesNothing() async {
    await #expect(processExitsWith: .success) {
      for adapter in [
        #"{"method":"lora","r":4,"dropout":0.1}"#, #"{"method":"svft","pattern":"banded","d":2}"#,
        #"{"method":"full"}"#,
      ] {
        let machine = try Machine(adapter: adapter, rows: 32)
        let optimizer = try Optimizer(machine.body.graph.parameters, TrainingOptions())
        let gradient = try #require(machine.body.gradient(machine.hidden))
        func step() throws {
          try optimizer.clearGradients()
          machine.batch.clear()
          try machine.batch.append(Self.tokens)
          try machine.body.forward(machine.batch)
          try machine.headBatch.setRows(32)
          machine.headBatch.labels.update(repeating: 1)
          let values = machine.body.values(machine.hidden)
          machine.head.values(machine.input).update(from: values, count: 32 * machine.hidden.width)
          try machine.head.forward(machine.headBatch)
          machine.head.gradient(machine.output)?.update(
            repeating: 0, count: 32 * machine.output.width)
          try machine.head.backward(machine.headBatch)
          if let back = machine.head.gradient(machine.input) {
            gradient.update(from: back, count: 32 * machine.hidden.width)
          }
          try machine.body.backward(machine.batch)
          optimizer.update(rate: 1e-3, headRate: 1e-3)
        }
        for _ in 0..<2 { try step() }
        svft_allocations_begin()
        for _ in 0..<10 { try step() }
        let count = svft_allocations_end()
        try #require(count <= 0, "\(adapter): \(count) allocations over 10 steps")
      }
    }
  }

  @Test func theCounterCounts() async {
    await #expect(processExitsWith: .success) {
      svft_allocations_begin()
      let block = UnsafeMutableRawPointer.allocate(byteCount: 100, alignment: 8)
      let count = svft_allocations_end()
      block.deallocate()
      try #require(count != 0)
    }
  }
}
