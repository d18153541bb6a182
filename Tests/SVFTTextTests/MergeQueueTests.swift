// The queue of merges: ranks ascending, positions from left to right, whatever comes in between.
import SVFTText
import Testing

@Suite struct MergeQueueTests {
  @Test(arguments: [10, 1000]) func entriesLeaveInOrder(_ symbols: Int) {
    var queue = MergeQueue()
    queue.begin(symbols: symbols, ranks: 8)
    for position in 0..<symbols {
      queue.push(rank: UInt32(position * 5 % 8), position: position)
    }
    var last: (rank: UInt32, position: Int) = (0, -1)
    var count = 0
    while let entry = queue.pop() {
      #expect(entry > last)
      last = entry
      count += 1
    }
    #expect(count == symbols)
  }

  @Test(arguments: [10, 1000]) func lateEntriesOfLowerAndEqualRanksComeNext(_ symbols: Int) {
    var queue = MergeQueue()
    queue.begin(symbols: symbols, ranks: 8)
    for (rank, position) in [(5, 1), (5, 7), (6, 0)] {
      queue.push(rank: UInt32(rank), position: position)
    }
    let first = queue.pop()
    #expect(first?.position == 1)
    for (rank, position) in [(2, 9), (5, 3), (5, 8), (7, 2)] {
      queue.push(rank: UInt32(rank), position: position)
    }
    var order: [Int] = []
    while let entry = queue.pop() { order.append(entry.position) }
    #expect(order == [9, 3, 7, 8, 0, 2])
  }
}
