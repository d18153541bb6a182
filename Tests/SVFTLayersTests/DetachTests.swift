// A value without its gradient: the same numbers, and nothing flows back.
import SVFTLayers
import SVFTTensor
import Testing

struct DetachTests {
  /// y = x + a(x), where a(x) is on a path that gives x no gradient.
  private final class Shadow: SiteAdapter {
    func apply(_ site: Site, _ x: Value, _ graph: Graph) throws(SVFTError) -> Value {
      graph.add(try site.base(x), graph.activation(x, .tanh))
    }
  }

  /// Some other matrix in the place of W.
  private final class Other: RoundedMatrix {
    let weight: Weight
    init(_ weight: Weight) { self.weight = weight }
    func shadow(_ path: Value, _ x: Value, _ graph: Graph) -> Value { path }
  }

  /// Only the product with the rounded matrix gives the input a gradient.
  @Test(arguments: [1, 3]) func nothingFlowsThroughIt(threads: Int) throws {
    func results(_ record: (Bench, Slot, Slot, Value) throws -> Value) throws -> [[Float]] {
      let bench = try Bench("detach", lengths: [3, 20])
      let (own, rounded) = (try bench.frozen("w", 19, 19), try bench.frozen("q", 19, 19))
      try bench.build(record(bench, own, rounded, bench.input(19)), threads: threads)
      try bench.gradients()
      return try bench.results()
    }
    let shadowed = try results { bench, own, rounded, x in
      let projection = Projection(name: "q", weight: own, bias: nil)
      projection.attachments = [
        SVFTLayers.Attachment(Shadow(), scale: 1, rounded: Other(rounded.weight))
      ]
      return try bench.graph.project(x, projection)
    }
    let plain = try results { bench, _, rounded, x in
      try bench.graph.linear(x, rounded, bias: nil)
    }
    #expect(shadowed == plain && shadowed.count == 3)
  }
}
