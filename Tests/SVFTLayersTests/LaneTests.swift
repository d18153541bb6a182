// Adapters of some rows: what they add is on their own rows, above what all have and beneath the
// bias.
import SVFTLayers
import SVFTTensor
import Testing

struct LaneTests {
  /// base(x) + s·x on the rows of its lane.
  private final class Detour: SiteAdapter {
    func apply(_ site: Site, _ x: Value, _ graph: Graph) throws(SVFTError) -> Value {
      graph.add(try site.base(x), x, scale: site.scale)
    }

    static func apply(
      _ lanes: [Int], _ site: Site, _ x: Value, _ graph: Graph
    ) throws(SVFTError) -> Value {
      var y = try site.base(x)
      for lane in lanes {
        y = try graph.within([lane]) { () in graph.add(y, x, scale: graph.lanes[lane].scale) }
      }
      return y
    }
  }

  /// Acts on all rows or on none.
  private final class Plain: SiteAdapter {
    func apply(_ site: Site, _ x: Value, _ graph: Graph) throws(SVFTError) -> Value {
      try site.base(x)
    }
  }

  private static func projection(bias: Bool = true) throws -> Projection {
    Projection(
      name: "q", weight: try Replay.slot("q.weight", rows: 2, [1, 2, 3, 4]),
      bias: bias ? try Replay.slot("q.bias", [100, 200]) : nil)
  }

  /// Outputs of four rows (1, 10) of the lanes -1, 1, 0, 1.
  private func run(_ projection: Projection, _ lanes: [Lane]) throws -> [Float] {
    let graph = Graph(training: false, lanes: lanes)
    let input = graph.input(width: 2)
    let output = try graph.project(input, projection)
    graph.output(output)
    let batch = try Batch(rows: 4, sequences: 4)
    for lane in [-1, 1, 0, 1] as [Int32] { try batch.append([0] as [Int32], lane: lane) }
    let program = try Program(graph, rows: 4, threads: 2)
    for row in 0..<4 {
      (program.values(input)[2 * row], program.values(input)[2 * row + 1]) = (1, 10)
    }
    try program.forward(batch)
    return (0..<8).map { program.values(output)[$0] }
  }

  @Test func eachRowHasTheChangeOfItsLane() throws {
    let projection = try Self.projection()
    let lanes = [2, 3].map { Lane(Detour(), scale: $0, on: [projection]) }
    #expect(try run(projection, lanes) == [121, 243, 124, 273, 123, 263, 124, 273])
    // On top of what acts on all, the bias still last.
    projection.attachments = [SVFTLayers.Attachment(Detour(), scale: 10)]
    #expect(try run(projection, lanes) == [131, 343, 134, 373, 133, 363, 134, 373])
  }

  @Test func otherModulesAreAsTheyWere() throws {
    let (projection, other) = (try Self.projection(), try Self.projection(bias: false))
    let lanes = [2, 3].map { Lane(Detour(), scale: $0, on: [other]) }
    #expect(try run(projection, lanes) == [121, 243, 121, 243, 121, 243, 121, 243])
    #expect(try run(other, lanes) == [21, 43, 24, 73, 23, 63, 24, 73])
  }

  @Test func anAdapterThatCannotSaysSo() throws {
    let projection = try Self.projection()
    let failure = #expect(throws: SVFTError.self) {
      try run(projection, [Lane(Plain(), scale: 1, on: [projection])])
    }
    #expect(failure?.kind == .unsupported)
    #expect(failure?.message.contains("q: expected") == true)
  }

  @Test func lanesAreTheSameByAdapterAndScale() throws {
    let (a, b) = (Detour(), Detour())
    let lanes: Set = [
      Lane(a, scale: 1, on: []), Lane(a, scale: 1, on: []), Lane(a, scale: 2, on: []),
      Lane(b, scale: 1, on: []),
    ]
    #expect(lanes.count == 3)
  }

  @Test func aScopeCoversItsRowsFromTheFirstToTheLast() throws {
    let graph = Graph(
      training: false, lanes: [1, 2, 3].map { Lane(Plain(), scale: $0, on: []) })
    var scopes: [LaneScope] = []
    for lanes in [[0], [1], [0, 1], [2], [7]] {
      _ = try graph.within(lanes) { () in
        if let scope = graph.scope { scopes.append(scope) }
        return graph.value(width: 1)
      }
    }
    #expect(graph.scope == nil)
    let batch = try Batch(rows: 9, sequences: 9)
    for (lane, count) in [(-1, 1), (1, 2), (-1, 1), (0, 2), (1, 1)] as [(Int32, Int)] {
      try batch.append([Int32](repeating: 0, count: count), lane: lane)
    }
    #expect(scopes.map { $0.cover(batch) } == [4..<6, 1..<7, 1..<7, 0..<0, 0..<0])
    #expect(scopes[0].contains(0) && !scopes[0].contains(1) && !scopes[0].contains(-1))
  }
}
