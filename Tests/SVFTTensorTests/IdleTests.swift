// What the pool of threads takes of the processors when nobody has work for it. In a process of its
// own, because tests beside it work.
import Glibc
import SVFTTensor
import Testing

@Suite struct IdleTests {
  /// After a region, members spin for some 40 µs and then sleep: 1 ms in all is asked for. Of
  /// twenty pauses most must keep it: an interrupt is charged to whom it meets.
  @Test func threadsSleepWithinAMillisecondOfTheirLastRegion() async {
    await #expect(processExitsWith: .success) {
      func processorSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
      }
      var spent: [Double] = []
      for _ in 0..<20 {
        for _ in 0..<100 { Parallel.run(threads: 4) { team in team.barrier() } }
        let begin = processorSeconds()
        usleep(50_000)
        spent.append(processorSeconds() - begin)
      }
      let median = spent.sorted()[spent.count / 2]
      try #require(median < 1e-3, "\(spent)")
    }
  }
}
