// The root-mean-square norm against its definition in Double.
import SVFTLayers
import SVFTTensor
import Testing

struct RMSNormTests {
  @Test(arguments: [1, 37, 576])
  func equalsItsDefinition(width: Int) throws {
    let (x, w) = (Replay.numbers(3 * width, "x"), Replay.numbers(width, "w"))
    let slot = try Replay.slot("w", w)
    let y = try Replay.output(lengths: [3], [(width, x)]) {
      try $0.rmsNorm($1[0], weight: slot, epsilon: 1e-3)
    }
    for row in 0..<3 {
      let part = x[row * width..<(row + 1) * width].map(Double.init)
      let mean = part.reduce(0) { $0 + $1 * $1 } / Double(width)
      let expected = zip(part, w).map { Float($0 / (mean + 1e-3).squareRoot() * Double($1)) }
      #expect(Replay.distance(Array(y[row * width..<(row + 1) * width]), expected) < 3e-6)
    }
  }

  @Test func groupsOfARowAreNormalisedAlone() throws {
    let (x, w) = (Replay.numbers(2 * 21, "x"), Replay.numbers(7, "w"))
    let (slot, shifted) = try (Replay.slot("w", w), Replay.slot("w", w.map { $0 - 1 }))
    let whole = try Replay.output(lengths: [6], [(7, x)]) {
      try $0.rmsNorm($1[0], weight: slot, epsilon: 1e-3)
    }
    let grouped = try Replay.output(lengths: [2], [(21, x)]) {
      try $0.rmsNorm($1[0], weight: slot, epsilon: 1e-3)
    }
    #expect(grouped == whole)
    let offset = try Replay.output(lengths: [2], [(21, x)]) {
      try $0.rmsNorm($1[0], weight: shifted, epsilon: 1e-3, offset: 1)
    }
    #expect(Replay.distance(offset, whole) < 2e-6)
  }

  @Test func aWidthThatDoesNotDivideTheRowIsRefused() throws {
    let slot = try Replay.slot("w", [1, 2, 3])
    #expect(throws: SVFTError.self) {
      try Replay.output(lengths: [1], [(7, Replay.numbers(7, "x"))]) {
        try $0.rmsNorm($1[0], weight: slot, epsilon: 1e-3)
      }
    }
  }
}
