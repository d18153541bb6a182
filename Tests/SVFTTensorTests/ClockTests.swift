// Time goes forward.
import SVFTTensor
import Testing

@Suite struct ClockTests {
  @Test func timeGoesForward() {
    let start = Clock.seconds()
    var now = start
    for _ in 0..<1000 {
      let next = Clock.seconds()
      #expect(next >= now)
      now = next
    }
    #expect(now > start)
  }

  @Test func aPauseTakesItsTime() {
    let start = Clock.seconds()
    Clock.pause(0.02)
    #expect(Clock.seconds() - start >= 0.02)
    Clock.pause(-1)
    #expect(Clock.seconds() - start < 60)
  }
}
