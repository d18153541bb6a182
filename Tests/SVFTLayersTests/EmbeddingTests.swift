// Look-ups in every format and by every index.
import SVFTLayers
import SVFTTensor
import Testing

struct EmbeddingTests {
  @Test(arguments: ElementFormats.encodable.map(\.name))
  func rowsOfEveryFormatAreDecoded(_ name: String) throws {
    let format = try #require(ElementFormats.named(name))
    let slot = try Replay.slot("e", rows: 4, Replay.numbers(4 * 256, "table"), format: format)
    let y = try Replay.output(
      lengths: [3], prepare: { for (i, id) in [3, 0, 3].enumerated() { $0.tokens[i] = Int32(id) } }
    ) { graph, _ in graph.embed(table: slot, by: .tokens) }
    let table = try Replay.decoded(slot.weight)
    #expect(y == Array(table[768..<1024] + table[0..<256] + table[768..<1024]))
  }

  @Test func positionsAndSegmentsChooseRowsToo() throws {
    let slot = try Replay.slot("e", rows: 3, [1, 2, 3])
    #expect(
      try Replay.output(lengths: [3, 1]) { graph, _ in graph.embed(table: slot, by: .positions) }
        == [1, 2, 3, 1])
    #expect(
      try Replay.output(lengths: [2], prepare: { $0.segments[1] = 1 }) { graph, _ in
        graph.embed(table: slot, by: .segments)
      } == [1, 2])
  }

  @Test func rowsFurtherOnAreChosenAndScaled() throws {
    let slot = try Replay.slot("e", rows: 4, [1, 2, 3, 4])
    let y = try Replay.output(lengths: [3]) { graph, _ in
      graph.embed(table: slot, by: .positions, offset: 2, scale: 10)
    }
    #expect(y == [30, 40, 0])
  }

  @Test func anIndexOutsideTheTableReadsZeros() throws {
    let slot = try Replay.slot("e", rows: 2, [1, 2])
    let y = try Replay.output(
      lengths: [3],
      prepare: { for (i, id) in [-1, 2, Int32.max].enumerated() { $0.tokens[i] = id } }
    ) { graph, _ in graph.embed(table: slot, by: .tokens) }
    #expect(y == [0, 0, 0])
  }
}
