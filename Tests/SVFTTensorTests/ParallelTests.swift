// Regions and teams: every member runs once, chunks are complete for any team size, results do not
// depend on it, and neither nesting nor concurrent callers can stop anything.
import Glibc
import SVFTTensor
import Synchronization
import Testing

@Suite struct ParallelTests {
  static let sizes = [1, 2, 3, 5]

  @Test(arguments: sizes) func everyMemberRunsOnceAndKnowsTheSize(threads: Int) {
    let mask = Atomic<UInt64>(0)
    let calls = Atomic<Int>(0)
    let size = Atomic<Int>(0)
    Parallel.run(threads: threads) { team in
      mask.bitwiseOr(1 << UInt64(team.id), ordering: .relaxed)
      calls.add(1, ordering: .relaxed)
      size.store(team.size, ordering: .relaxed)
    }
    let got = size.load(ordering: .relaxed)
    #expect(got >= 1 && got <= threads)
    #expect(calls.load(ordering: .relaxed) == got)
    #expect(mask.load(ordering: .relaxed) == (1 << UInt64(got)) - 1)
  }

  @Test func aTeamOfTwoCanBeHad() {
    // Other suites use the pool at the same time; among many regions one must get its second
    // thread.
    let best = Atomic<Int>(0)
    for _ in 0..<10_000 where best.load(ordering: .relaxed) < 2 {
      Parallel.run(threads: 2) { team in best.max(team.size, ordering: .relaxed) }
      usleep(200)
    }
    #expect(best.load(ordering: .relaxed) == 2)
  }

  @Test(arguments: sizes) func writesBeforeTheBarrierAreSeenAfterIt(threads: Int) {
    let rounds = 500
    let slots = Slots(count: threads)
    let wrong = Atomic<Int>(0)
    Parallel.run(threads: threads) { team in
      for round in 1...rounds {
        slots[team.id] = round * (team.id + 1)
        team.barrier()
        let sum = (0..<team.size).reduce(0) { $0 + slots[$1] }
        if sum != round * team.size * (team.size + 1) / 2 { wrong.add(1, ordering: .relaxed) }
        team.barrier()
      }
    }
    #expect(wrong.load(ordering: .relaxed) == 0)
  }

  @Test(arguments: sizes) func resultsDoNotDependOnTheTeam(threads: Int) {
    // Sums of chunks of fixed size, added in the order of the chunks: the same bits for any team.
    func total(_ threads: Int) -> Float {
      let chunks = 37
      let sums = Slots(count: chunks)
      Parallel.run(threads: threads) { team in
        for chunk in team.share(of: chunks) {
          let sum = (0..<1000).reduce(Float(0)) { $0 + 1 / Float(chunk * 1000 + $1 + 1) }
          sums[chunk] = Int(sum.bitPattern)
        }
      }
      return (0..<chunks).reduce(Float(0)) { $0 + Float(bitPattern: UInt32(sums[$1])) }
    }
    #expect(total(threads).bitPattern == total(1).bitPattern)
  }

  @Test func aRegionInsideARegionCompletes() {
    let calls = Atomic<Int>(0)
    Parallel.run(threads: 2) { outer in
      for _ in 0..<50 {
        Parallel.run(threads: 3) { inner in
          inner.barrier()
          if inner.id == 0 { calls.add(1, ordering: .relaxed) }
        }
      }
      outer.barrier()
      if outer.id == 0 && outer.size == 1 { calls.add(50, ordering: .relaxed) }
    }
    #expect(calls.load(ordering: .relaxed) == 100)
  }

  @Test func manyCallersAtOnceComplete() async {
    let calls = Atomic<Int>(0)
    await withTaskGroup(of: Int.self) { group in
      for _ in 0..<4 {
        group.addTask {
          var own = 0
          for _ in 0..<200 {
            Parallel.run(threads: 2) { team in if team.id == 0 { own += 1 } }
          }
          return own
        }
      }
      for await own in group { calls.add(own, ordering: .relaxed) }
    }
    #expect(calls.load(ordering: .relaxed) == 800)
  }

  @Test func thereIsAProcessor() { #expect(Parallel.processors >= 1) }
}

/// Plain memory that several threads write at different places.
private final class Slots: @unchecked Sendable {
  private let values: UnsafeMutablePointer<Int>

  init(count: Int) {
    values = .allocate(capacity: count)
    values.initialize(repeating: 0, count: count)
  }

  subscript(index: Int) -> Int {
    get { values[index] }
    set { values[index] = newValue }
  }

  deinit { values.deallocate() }
}
