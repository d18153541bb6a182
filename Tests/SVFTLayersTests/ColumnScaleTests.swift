// Columns times numbers of their own; gradients are under the contract.
import SVFTLayers
import SVFTTensor
import Testing

struct ColumnScaleTests {
  @Test func everyRowIsScaledByColumn() throws {
    let factors = try Buffer(of: Float.self, count: 3)
    _ = factors.values(Float.self).update(fromContentsOf: [2, 0, -1])
    let y = try Replay.output(lengths: [2], [(3, [1, 2, 3, 4, 5, 6])]) {
      try $0.scaleColumns($1[0], by: factors)
    }
    #expect(y == [2, 0, -3, 8, 0, -6])
  }

  @Test func anotherNumberOfFactorsIsRefused() throws {
    let graph = Graph(training: false)
    let factors = try Buffer(of: Float.self, count: 3)
    #expect(throws: SVFTError.self) { try graph.scaleColumns(graph.input(width: 4), by: factors) }
  }
}
