// Packing sequences, and the limits of a batch.
import SVFTLayers
import SVFTTensor
import Testing

struct BatchTests {
  @Test func sequencesArePackedWithPositionsBehindTheirPast() throws {
    let batch = try Batch(rows: 6, sequences: 3)
    try batch.append([7, 8] as [Int32])
    try batch.append([9] as [Int32], segments: [1], past: 5, slot: 2)
    #expect(batch.rows == 3)
    #expect(Array(batch.tokens.prefix(3)) == [7, 8, 9])
    #expect(Array(batch.positions.prefix(3)) == [0, 1, 5])
    #expect(Array(batch.segments.prefix(3)) == [0, 0, 1])
    #expect(
      Array(batch.spans) == [
        Span(offset: 0, count: 2), Span(offset: 2, count: 1, past: 5, slot: 2),
      ])
    batch.clear()
    #expect(batch.rows == 0)
    #expect(batch.spans.isEmpty)
  }

  @Test func rowsOfOneLaneSideBySideAreOneWindow() throws {
    let batch = try Batch(rows: 8, sequences: 6)
    try batch.append([1, 2] as [Int32], lane: 1)
    try batch.append([3] as [Int32], lane: 1)
    try batch.append([4] as [Int32])
    try batch.append([5] as [Int32], lane: 1)
    try batch.append([6] as [Int32], lane: 0)
    #expect(Array(batch.lanes) == [1, 1, 1, -1, 1, 0])
    #expect(batch.windows.map(\.lane) == [1, 1, 0])
    #expect(batch.windows.map(\.rows) == [0..<3, 4..<5, 5..<6])
    try batch.setRows(4)
    #expect(Array(batch.lanes) == [-1, -1, -1, -1] && batch.windows.isEmpty)
    for (row, lane) in [(1, 2), (2, 2), (9, 2)] { batch.setLane(Int32(lane), ofRow: row) }
    #expect(Array(batch.lanes) == [-1, 2, 2, -1])
    #expect(batch.windows.map(\.rows) == [1..<3])
    batch.clear()
    #expect(batch.windows.isEmpty)
  }

  @Test func moreThanItHoldsIsALimitAndChangesNothing() throws {
    let batch = try Batch(rows: 3, sequences: 2)
    try batch.append([1, 2] as [Int32])
    #expect(throws: SVFTError.self) { try batch.append([1, 2] as [Int32]) }
    #expect(batch.rows == 2)
    try batch.append([3] as [Int32])
    #expect(throws: SVFTError.self) { try batch.append([] as [Int32]) }
    #expect(throws: SVFTError.self) { try batch.setRows(4) }
    #expect(throws: SVFTError.self) { try batch.setRows(-1) }
    try batch.setRows(1)
    #expect(batch.rows == 1)
  }
}
