// Rows of length one.
import SVFTLayers
import Testing

struct NormalizeTests {
  @Test func rowsGetLengthOneAndZeroStaysZero() throws {
    let y = try Replay.output(lengths: [3], [(2, [3, -4, 0, 0, 1e-20, 0])]) {
      $0.normalize($1[0])
    }
    #expect(Replay.distance(y, [0.6, -0.8, 0, 0, 1e-8, 0]) < 1e-7)
  }
}
