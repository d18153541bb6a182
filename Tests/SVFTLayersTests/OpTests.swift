// How a length is shared out in blocks.
import SVFTLayers
import SVFTTensor
import Testing

struct OpTests {
  /// Notes which blocks each member got.
  private final class Watcher: Op, @unchecked Sendable {
    let x: Value
    let y: Value
    init(_ x: Value, _ y: Value) { (self.x, self.y) = (x, y) }
    var reads: [Value] { [x] }
    var writes: [Value] { [y] }
    var keeps: [Value] { [] }

    func forward(_ run: Run) {
      let y = run.pointer(y)
      for range in run.blocks(of: run.rows * x.width, by: 10) {
        for i in range { y[i] += Float(range.lowerBound + 1) }
      }
    }
    func backward(_ run: Run) {}
  }

  @Test(arguments: [1, 2, 3, 5], [1, 9, 10, 11, 57])
  func blocksCoverALengthOnce(threads: Int, length: Int) throws {
    let graph = Graph(training: false)
    let x = graph.input(width: length)
    let y = graph.value(width: length)
    graph.record(Watcher(x, y))
    graph.output(y)
    let program = try Program(graph, rows: 1, threads: threads)
    let batch = try Batch(rows: 1, sequences: 1)
    try batch.setRows(1)
    try program.forward(batch)
    #expect((0..<length).allSatisfy { program.values(y)[$0] == Float($0 / 10 * 10 + 1) })
  }
}
