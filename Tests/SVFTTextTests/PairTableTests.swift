// Pairs of ids to their merges.
import SVFTText
import Testing

@Suite struct PairTableTests {
  @Test func whatWasPutInIsFoundAndNothingElse() {
    var table = PairTable(capacity: 3000)
    for id in 0..<Int32(3000) {
      let isNew = table.insert(id, id % 7, rank: UInt32(id), joined: id + 1)
      #expect(isNew)
    }
    for id in 0..<Int32(3000) {
      #expect(table.find(id, id % 7)?.joined == id + 1)
      #expect(table.find(id, id % 7)?.rank == UInt32(id))
      #expect(table.find(id, 7) == nil)
    }
    let isNew = table.insert(5, 5, rank: 0, joined: 0)
    #expect(!isNew)
    #expect(table.find(-1, -1) == nil)
  }
}
