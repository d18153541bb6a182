// Rows beside rows, within their sequences.
import SVFTLayers
import SVFTTensor
import Testing

struct NeighboursTests {
  @Test func neighboursOfOtherSequencesAreZeros() throws {
    let y = try Replay.output(
      lengths: [3, 1], [(width: 2, numbers: [1, 10, 2, 20, 3, 30, 4, 40])]
    ) {
      graph, inputs in graph.neighbours(inputs[0], width: 3)
    }
    #expect(
      y == [
        0, 1, 2, 0, 10, 20, 1, 2, 3, 10, 20, 30, 2, 3, 0, 20, 30, 0, 0, 4, 0, 0, 40, 0,
      ])
  }
}
