// What a graph remembers of its recording.
import SVFTLayers
import SVFTTensor
import Testing

struct GraphTests {
  @Test func parametersAreListedOnceInOrderOfUse() throws {
    let graph = Graph(training: true)
    let first = try Parameter("a", rows: 3, columns: 3)
    let second = try Parameter("b", rows: 3, columns: 3)
    var x = graph.input(width: 3)
    for parameter in [second, first, second] { x = try graph.linear(x, trained: parameter) }
    #expect(graph.parameters.map(\.name) == ["b", "a"])
    #expect(graph.ops.count == 3)
    #expect(graph.valueCount == 4)
  }
}
