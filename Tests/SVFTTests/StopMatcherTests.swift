// Stop strings are found alike however the text is cut.
import SVFT
import Testing

@Suite struct StopMatcherTests {
  private func shown(_ text: [UInt8], _ cuts: Int, _ stops: [String]) -> (String, String?) {
    var matcher = StopMatcher(stops)
    var out: [UInt8] = []
    var piece: [UInt8] = []
    for (index, byte) in text.enumerated() {
      piece.append(byte)
      if cuts >> index & 1 == 1 || index == text.count - 1 {
        out += matcher.push(piece)
        piece = []
      }
    }
    out += matcher.finish()
    return (String(decoding: out, as: UTF8.self), matcher.found)
  }

  @Test(arguments: [
    ("xabcdyz", ["abcd", "bc"]), ("aabaab", ["aab"]), ("ababac", ["abac", "zz"]),
    ("hello", ["lo!", "xyz"]), ("caféé", ["éé"]),
  ])
  func everySplitGivesTheSame(_ text: String, _ stops: [String]) {
    let bytes = Array(text.utf8)
    let whole = shown(bytes, 0, stops)
    for cuts in 0..<(1 << (bytes.count - 1)) {
      #expect(shown(bytes, cuts, stops) == whole)
    }
  }

  @Test func theTextEndsBeforeTheStopString() {
    #expect(shown(Array("one STOP two".utf8), 0, ["STOP"]) == ("one ", "STOP"))
  }
}
