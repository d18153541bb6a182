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
}
