// Shares of a team: together they are every chunk exactly once.
import SVFTTensor
import Testing

@Suite struct TeamTests {
  @Test(arguments: [1, 2, 3, 5], [0, 1, 4, 7, 100])
  func sharesCoverEveryChunkOnce(size: Int, count: Int) {
    let all = (0..<size).flatMap { Array(Team(id: $0, size: size, meeting: nil).share(of: count)) }
    #expect(all.sorted() == Array(0..<count))
  }

  @Test(arguments: [1, 2, 3, 5], [0, 1, 4, 7, 100])
  func spansCoverEveryChunkInOrder(size: Int, count: Int) {
    let all = (0..<size).flatMap { Array(Team(id: $0, size: size, meeting: nil).span(of: count)) }
    #expect(all == Array(0..<count))
  }

  @Test func aTeamOfOneDoesNotWait() {
    Team.alone.barrier()
    #expect(Team.alone.size == 1 && Team.alone.id == 0)
  }
}
