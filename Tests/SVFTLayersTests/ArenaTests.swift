// Places of values: apart while both are wanted, the same place in every replay.
import SVFTLayers
import SVFTTensor
import Testing

struct ArenaTests {
  @Test func inputsAndOutputsLieApart() throws {
    let graph = Graph(training: true)
    let a = graph.input(width: 3, differentiable: true)
    let b = graph.input(width: 5, differentiable: true)
    let y = graph.activation(a, .tanh)
    graph.output(y)
    graph.output(graph.activation(b, .tanh))
    let arena = try Program(graph, rows: 4, threads: 1).arena
    let places = [arena.pointer(a), arena.pointer(b), arena.pointer(y)]
    let gradients = [a, b, y].compactMap(arena.gradient)
    #expect(gradients.count == 3)
    #expect(Set((places + gradients).map(Int.init(bitPattern:))).count == 6)
  }
}
