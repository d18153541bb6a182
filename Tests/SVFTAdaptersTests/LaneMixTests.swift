// Methods on some rows of a step alone: what a lane gives its rows is what the adapter gives where
// it is attached for all, whatever others do beside it.
import SVFTAdapters
import SVFTFormats
import SVFTLayers
import SVFTTensor
import TestKit
import Testing

@Suite struct LaneMixTests {
  /// 37 rows: two lanes, the second in two places, and rows without.
  private static let rows: [Int32] =
    [Int32](repeating: 0, count: 20) + [-1, -1, -1] + [Int32](repeating: 1, count: 12) + [-1, 1]

  /// The outputs where `method` is attached for all rows, on top of what is there.
  private func attached(
    _ method: any AdapterMethod, scale: Float, _ model: TinyChain
  ) throws -> [Float] {
    try AdapterSet.attach(method, scale: scale)
    defer { AdapterSet.detach(method) }
    return try model.session(rows: Self.rows.count).outputs()
  }

  /// Complaints about rows that are not those of their lane's outputs.
  private func complaints(
    _ found: [Float], _ expected: [Int32: [Float]], rows: [Int32] = rows
  ) -> [String] {
    let width = found.count / rows.count
    return rows.enumerated().compactMap { row, lane in
      let range = row * width..<(row + 1) * width
      guard let whole = expected[lane] else { return "row \(row): nothing to compare with" }
      let error = distance(Array(whole[range]), Array(found[range]))
      return error < 1e-4 ? nil : "row \(row) of lane \(lane): \(error) off"
    }
  }

  @Test(arguments: TinyOptions.all.filter(\.isOfProjectionsAlone))
  func aLaneIsTheAttachedAdapterOnItsRows(_ options: JSON) throws {
    let model = try TinyChain()
    let method = try model.method(options)
    method.disturb()
    let lanes = [1, -0.5].map { Lane(method, scale: $0, on: method.projections) }
    guard type(of: method).isAdditive else {
      guard !method.projections.isEmpty else { return }
      let failure = #expect(throws: SVFTError.self) { try model.session(lanes, of: Self.rows) }
      #expect(failure?.kind == .unsupported)
      return
    }
    let found = try model.session(lanes, of: Self.rows).outputs()
    let expected: [Int32: [Float]] = [
      -1: try model.session(rows: Self.rows.count).outputs(),
      0: try attached(method, scale: 1, model), 1: try attached(method, scale: -0.5, model),
    ]
    #expect(complaints(found, expected) == [])
    #expect(distance(expected[-1] ?? [], expected[0] ?? []) > 1e-2)
  }

  /// Adapters of several methods, patterns and ranks.
  private static let mixed: [JSON] = [
    ["method": "svft"], ["method": "svft", "pattern": "banded", "d": 2, "gate": true],
    ["method": "lora", "r": 3], ["method": "svft", "pattern": "random", "d": 2],
    ["method": "lora", "r": 40, "targets": ["up_proj", "classifier"]],
    ["method": "svft", "rank": 7, "targets": ["down_proj", "q_proj"]],
  ]

  private func mixture(_ model: TinyChain) throws -> [any AdapterMethod] {
    try Self.mixed.map { options in
      let method = try model.method(options)
      method.disturb()
      return method
    }
  }

  /// Rows of all lanes: side by side, but the second lane once more at the end.
  private static let mixedRows: [Int32] =
    [0, 0, 0, 1, 1] + [Int32](repeating: 2, count: 90) + [3, 4, 4, 5, -1, -1, 1, -1]

  @Test(arguments: ["f32", "q8_0"]) func severalMethodsInOneBatch(_ format: String) throws {
    let model = try TinyChain(ElementFormats.required(format), interleaved: true)
    // On top of one that acts on all rows.
    let below = try model.method(["method": "lora", "r": 2, "init": "gaussian"])
    below.disturb()
    try AdapterSet.attach(below)
    let methods = try mixture(model)
    let lanes = methods.map { Lane($0, scale: 1.5, on: $0.projections) }
    let count = Self.mixedRows.count
    var expected: [Int32: [Float]] = [-1: try model.session(rows: count).outputs()]
    for (index, method) in methods.enumerated() {
      try AdapterSet.attach(method, scale: 1.5)
      expected[Int32(index)] = try model.session(rows: count).outputs()
      AdapterSet.detach(method)
    }
    let found = try model.session(lanes, of: Self.mixedRows).outputs()
    #expect(complaints(found, expected, rows: Self.mixedRows) == [])
    for threads in [1, 3, 5] {
      let other = try model.session(lanes, of: Self.mixedRows, threads: threads)
      #expect(try other.outputs() == found, "\(threads) threads")
    }
  }

  @Test func aRecordingServesOtherRowsAndChangedNumbers() throws {
    let model = try TinyChain()
    let methods = try mixture(model)
    let lanes = methods.map { Lane($0, scale: 1, on: $0.projections) }
    let session = try model.session(lanes, of: Self.mixedRows)
    _ = try session.outputs()
    methods[0].disturb(0.3)
    // One lane, and one that nobody has.
    for lane in [0, 2, -1] as [Int32] {
      let rows = [Int32](repeating: lane, count: 5)
      try session.batch.setRows(5)
      for row in 0..<5 { session.batch.setLane(lane, ofRow: row) }
      let found = try Array(session.outputs().prefix(5 * 3))
      let fresh = try model.session(lanes, of: rows).outputs()
      #expect(found == fresh)
      guard lane >= 0 else { continue }
      let method = methods[Int(lane)]
      try AdapterSet.attach(method)
      let whole = try model.session(rows: 5).outputs()
      AdapterSet.detach(method)
      #expect(complaints(found, [lane: whole], rows: rows) == [])
    }
  }

  @Test func rowsWithoutALaneKeepEveryBit() throws {
    let model = try TinyChain()
    let methods = try mixture(model)
    let lanes = methods.map { Lane($0, scale: 1, on: $0.projections) }
    let rows = [Int32](repeating: -1, count: 37)
    #expect(try model.session(lanes, of: rows).outputs() == model.session(rows: 37).outputs())
  }
}
