// Row orders, and what stands in for a tensor.
import SVFTLayers
import SVFTTensor
import Testing

struct SlotTests {
  @Test func interleavedRowsAreReadInTheCanonicalOrder() throws {
    // Two heads of four rows; in the file pairs lie side by side.
    let stored: [Float] = [0, 2, 1, 3, 10, 12, 11, 13]
    let plain = try Replay.slot("q", rows: 8, stored)
    let slot = Slot(
      name: "q", weight: plain.weight, shape: [8, 1], rowOrder: .interleaved(headWidth: 4))
    var rows = [Float](repeating: -1, count: 8)
    slot.decodeCanonical(rows: 0..<8, into: &rows)
    #expect(rows == [0, 1, 2, 3, 10, 11, 12, 13])
    plain.decodeCanonical(rows: 0..<8, into: &rows)
    #expect(rows == stored)
    slot.decodeCanonical(rows: 5..<7, into: &rows)
    #expect(Array(rows.prefix(2)) == [11, 12])
  }

  @Test(arguments: [1, 2, 8, 64])
  func everyOrderIsAPermutationOfAHead(width: Int) {
    let order = RowOrder.interleaved(headWidth: width)
    #expect(Set((0..<3 * width).map(order.stored)) == Set(0..<3 * width))
    #expect((0..<width).allSatisfy { order.stored($0 + width) == order.stored($0) + width })
    #expect(RowOrder.canonical.stored(5) == 5)
  }

  @Test func aStandInReplacesTheTensor() throws {
    let slot = try Replay.slot("w", [1, 2])
    #expect(slot.current === slot.weight)
    let parameter = try Parameter("w", rows: 1, columns: 2)
    slot.standIn = parameter
    #expect(slot.current === parameter.weight)
  }
}
