// Images in a batch: rows that say what they are, patches where they belong, and a product with
// them that learns.
import SVFTLayers
import SVFTTensor
import Testing

struct PatchesTests {
  private let grid: PatchGrid

  init() throws {
    grid = try PatchGrid(
      channels: 1, height: 2, width: 4, patchHeight: 2, patchWidth: 2, specials: 2)
  }

  private func batch(images: Int) throws -> Batch {
    let batch = try Batch(rows: images * grid.rows, sequences: images, grid: grid)
    for image in 0..<images {
      try batch.append(image: (0..<8).map { Float(10 * image + $0) })
    }
    return batch
  }

  @Test func imagesLieOneBehindTheOther() throws {
    let batch = try batch(images: 2)
    #expect(Array(batch.tokens) == [0, 1, 2, 2, 0, 1, 2, 2])
    #expect(Array(batch.positions) == [0, 1, 2, 3, 0, 1, 2, 3])
    #expect(batch.spans.map(\.count) == [4, 4])
    let graph = Graph(training: false)
    let y = graph.patches(of: grid)
    graph.output(y)
    let program = try Program(graph, rows: 8, threads: 2)
    try program.forward(batch)
    let numbers = Array(UnsafeBufferPointer(start: program.values(y), count: 32))
    let zeros = [Float](repeating: 0, count: 8)
    let expected = zeros + [0, 1, 4, 5, 2, 3, 6, 7] + zeros + [10, 11, 14, 15, 12, 13, 16, 17]
    #expect(numbers == expected)
  }

  @Test func aFullBatchTakesNoMoreImages() throws {
    let batch = try batch(images: 1)
    let failure = #expect(throws: SVFTError.self) {
      try batch.append(image: [Float](repeating: 0, count: 8))
    }
    #expect(failure?.kind == .limit && batch.rows == 4)
    batch.clear()
    try batch.append(image: [Float](repeating: 1, count: 8))
    #expect(batch.rows == 4)
  }

  @Test func aBatchOfTokensTakesNone() throws {
    let batch = try Batch(rows: 8, sequences: 1)
    let failure = #expect(throws: SVFTError.self) { try batch.append(image: [1]) }
    #expect(failure?.kind == .internal)
  }

  @Test func aKernelsGradientIsThatOfItsPatches() throws {
    let slot = try Replay.slot("k", rows: 3, [1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2, 3])
    let parameter = try Parameter("k", rows: 3, columns: 4)
    slot.standIn = parameter
    let graph = Graph(training: true)
    let y = try graph.linear(graph.patches(of: grid), slot, bias: nil)
    graph.output(y)
    let program = try Program(graph, rows: 4, threads: 1)
    let batch = try batch(images: 1)
    batch.compute = .f32
    try program.forward(batch)
    let seed = try #require(program.gradient(y))
    for place in 0..<12 { seed[place] = place % 3 == 1 ? 1 : 0 }
    try program.backward(batch)
    // Special rows have no pixels: what reaches them moves no kernel.
    #expect(Array(parameter.gradients) == [0, 0, 0, 0, 2, 4, 10, 12, 0, 0, 0, 0])
  }
}
