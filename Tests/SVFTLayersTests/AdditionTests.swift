// Sums; their gradients are under the contract.
import SVFTLayers
import SVFTTensor
import Testing

struct AdditionTests {
  @Test(arguments: [1, -0.5] as [Float])
  func aScaledSum(scale: Float) throws {
    let (a, b) = (Replay.numbers(3 * 700, "a"), Replay.numbers(3 * 700, "b"))
    let c = try Replay.output(lengths: [1, 2], [(700, a), (700, b)]) {
      $0.add($1[0], $1[1], scale: scale)
    }
    #expect(Replay.distance(c, zip(a, b).map { $0 + scale * $1 }) < 1e-6)
  }

  @Test func aBiasIsAddedToEveryRow() throws {
    let slot = try Replay.slot("b", [10, 20, 30])
    let y = try Replay.output(lengths: [2], [(3, [1, 2, 3, 4, 5, 6])]) {
      $0.addBias($1[0], slot)
    }
    #expect(y == [11, 22, 33, 14, 25, 36])
  }
}
