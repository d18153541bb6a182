// Parts of fused values against indices written out.
import SVFTLayers
import SVFTTensor
import Testing

struct ColumnsTests {
  private let x = (0..<24).map { Float($0) }

  private func part(_ blocks: ColumnBlocks) throws -> [Float] {
    try Replay.output(lengths: [2], [(12, x)]) { try $0.columns($1[0], blocks) }
  }

  @Test func partsSideBySide() throws {
    #expect(try part(ColumnBlocks(first: 4, width: 3)) == [4, 5, 6, 16, 17, 18])
  }

  @Test func aPartOfEachHead() throws {
    let blocks = ColumnBlocks(first: 2, width: 2, stride: 6, count: 2)
    #expect(try part(blocks) == [2, 3, 8, 9, 14, 15, 20, 21])
  }

  @Test(arguments: [
    ColumnBlocks(first: 10, width: 3), ColumnBlocks(first: -1, width: 3),
    ColumnBlocks(first: 0, width: 0), ColumnBlocks(first: 0, width: 4, stride: 5, count: 3),
  ])
  func columnsBeyondTheValueAreRefused(_ blocks: ColumnBlocks) {
    #expect(throws: SVFTError.self) { try part(blocks) }
  }
}
