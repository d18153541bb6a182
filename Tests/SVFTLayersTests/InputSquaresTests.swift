// Squares of what a matrix is multiplied with: summed over all steps, and nothing else changes.
import SVFTLayers
import SVFTTensor
import TestKit
import Testing

struct InputSquaresTests {
  private func projection(_ columns: Int) throws -> Projection {
    var numbers = TestNumbers(seed: 2)
    let bytes = try Buffer(of: Float.self, count: 3 * columns)
    _ = bytes.values(Float.self).update(from: numbers.array(3 * columns))
    let weight = try Weight(
      format: ElementFormats.f32, rows: 3, columns: columns, bytes: bytes)
    return Projection(
      name: "p", weight: Slot(name: "p.weight", weight: weight, shape: [3, columns]), bias: nil)
  }

  @Test(arguments: [1, 3], [5, 130])
  func squaresAreSummedOverStepsAndOutputsStay(_ threads: Int, _ columns: Int) throws {
    let projection = try projection(columns)
    let watch = try InputWatch(projection)
    func outputs() throws -> [Float] {
      let graph = Graph(training: false)
      let x = graph.input(width: columns)
      let y = try graph.project(x, projection)
      graph.output(y)
      let program = try Program(graph, rows: 8, threads: threads)
      let batch = try Batch(rows: 8, sequences: 1)
      var result: [Float] = []
      for (step, rows) in [8, 3].enumerated() {
        try batch.setRows(rows)
        for index in 0..<rows * columns {
          program.values(x)[index] = Float(index % 7) - Float(step)
        }
        try program.forward(batch)
        result += (0..<rows * 3).map { program.values(y)[$0] }
      }
      return result
    }
    let before = try outputs()
    projection.attachments.append(Attachment(watch, scale: 1))
    #expect(try outputs() == before)
    var expected = [Double](repeating: 0, count: columns)
    for (step, rows) in [8, 3].enumerated() {
      for index in 0..<rows * columns {
        let value = Double(index % 7) - Double(step)
        expected[index % columns] += value * value
      }
    }
    #expect(watch.squares == expected)
  }
}
