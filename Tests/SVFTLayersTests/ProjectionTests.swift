// Adapters on a projection: in order, each over what lies beneath, the bias once at the end.
import SVFTLayers
import SVFTTensor
import Testing

struct ProjectionTests {
  /// y = a · base(x), to be seen in the result.
  private final class Scaling: SiteAdapter {
    func apply(_ site: Site, _ x: Value, _ graph: Graph) throws(SVFTError) -> Value {
      let y = try site.base(x)
      return graph.add(y, y, scale: site.scale - 1)
    }
  }

  /// y = base(x) + x.
  private final class Detour: SiteAdapter {
    func apply(_ site: Site, _ x: Value, _ graph: Graph) throws(SVFTError) -> Value {
      graph.add(try site.base(x), x, scale: site.scale)
    }
  }

  private func run(_ attachments: [SVFTLayers.Attachment], bias: Bool = true) throws -> [Float] {
    let projection = Projection(
      name: "q", weight: try Replay.slot("q.weight", rows: 2, [1, 2, 3, 4]),
      bias: bias ? try Replay.slot("q.bias", [100, 200]) : nil)
    projection.attachments = attachments
    #expect((projection.rows, projection.columns) == (2, 2))
    return try Replay.output(lengths: [1], [(2, [1, 10])]) {
      try $0.project($1[0], projection)
    }
  }

  @Test func withoutAdaptersItIsTheLinearModule() throws {
    #expect(try run([]) == [121, 243])
    #expect(try run([], bias: false) == [21, 43])
  }

  @Test func theBiasIsAddedOnceAndLast() throws {
    #expect(try run([SVFTLayers.Attachment(Scaling(), scale: 3)]) == [163, 329])
    #expect(try run([SVFTLayers.Attachment(Scaling(), scale: 3)], bias: false) == [63, 129])
  }

  @Test func laterAdaptersStandOnEarlierOnes() throws {
    let scaling = SVFTLayers.Attachment(Scaling(), scale: 3)
    let detour = SVFTLayers.Attachment(Detour(), scale: 1)
    #expect(try run([scaling, detour], bias: false) == [64, 139])
    #expect(try run([detour, scaling], bias: false) == [66, 159])
  }

  @Test func aWrongWidthIsAShapeError() throws {
    let projection = Projection(
      name: "q", weight: try Replay.slot("q.weight", rows: 2, [1, 2, 3, 4]), bias: nil)
    let graph = Graph(training: false)
    #expect(throws: SVFTError.self) { try graph.project(graph.input(width: 3), projection) }
  }
}
