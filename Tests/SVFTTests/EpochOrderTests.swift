// Every epoch sees every example once, in an order of its own that a resumed run finds again.
import SVFT
import Testing

@Suite struct EpochOrderTests {
  /// The batches of `count` draws.
  private func draws(_ order: EpochOrder, _ size: Int, _ count: Int) -> [[Int]] {
    var order = order
    return (0..<count).map { _ in order.next(size) }
  }

  @Test func everyEpochSeesEveryExampleOnceAndNoBatchSpansTwo() {
    let batches = draws(EpochOrder(count: 10, seed: 3), 4, 9)
    #expect(batches.map(\.count) == [4, 4, 2, 4, 4, 2, 4, 4, 2])
    for epoch in 0..<3 {
      #expect(batches[3 * epoch..<3 * epoch + 3].joined().sorted() == Array(0..<10))
    }
    #expect(Array(batches[0..<3].joined()) != Array(batches[3..<6].joined()))
  }

  @Test func theSeedDecides() {
    #expect(draws(EpochOrder(count: 50, seed: 1), 50, 2) == draws(.init(count: 50, seed: 1), 50, 2))
    #expect(draws(EpochOrder(count: 50, seed: 1), 50, 1) != draws(.init(count: 50, seed: 2), 50, 1))
  }

  @Test(arguments: 0..<9) func goesOnFromAStoredPlace(_ done: Int) {
    var order = EpochOrder(count: 7, seed: 5)
    for _ in 0..<done { _ = order.next(3) }
    let stored = EpochOrder(count: 7, seed: 5, epoch: order.epoch, cursor: order.cursor)
    #expect(draws(stored, 3, 8) == draws(order, 3, 8))
  }
}
