// Values are names: equal only to themselves.
import SVFTLayers
import Testing

struct ValueTests {
  @Test func valuesOfOneWidthDiffer() {
    let graph = Graph(training: false)
    let (a, b) = (graph.value(width: 3), graph.value(width: 3))
    #expect(a != b)
    #expect(a.width == b.width)
    #expect(max(a.id, b.id) < graph.valueCount)
  }
}
