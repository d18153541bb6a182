// A mask depends on key, stream and element alone, keeps its share, and preserves the mean.
import SVFTTensor
import Testing

@Suite struct DropoutMaskTests {
  let ones = [Float](repeating: 1, count: 40_000)

  private func apply(
    _ mask: DropoutMask, first: Int, count: Int, accumulate: Bool = false, from start: Float = 0
  ) -> [Float] {
    var y = [Float](repeating: start, count: count)
    mask.apply(ones, first: first, count: count, into: &y, accumulate: accumulate)
    return y
  }

  @Test(arguments: [0, 1, 3, 4, 31, 33]) func piecesAreTheWhole(cut: Int) {
    let mask = DropoutMask(probability: 0.3, key: 5, stream: 9)
    let whole = apply(mask, first: 0, count: 200)
    #expect(apply(mask, first: 0, count: cut) == Array(whole[..<cut]))
    #expect(apply(mask, first: cut, count: 200 - cut) == Array(whole[cut...]))
  }

  @Test(arguments: [0.1, 0.5, 0.9] as [Float]) func theRightShareStaysAtTheRightScale(p: Float) {
    let y = apply(DropoutMask(probability: p, key: 1, stream: 0), first: 0, count: 40_000)
    let kept = y.filter { $0 != 0 }
    #expect(abs(Float(kept.count) / 40_000 - (1 - p)) < 0.01)
    #expect(kept.allSatisfy { abs($0 - 1 / (1 - p)) < 1e-5 / (1 - p) })
  }

  @Test func elementsAgreeWithTheStatelessWords() {
    let y = apply(DropoutMask(probability: 0.5, key: 11, stream: 3), first: 0, count: 64)
    for block in 0..<16 {
      let words = RandomSource.words(key: 11, stream: 3, counter: UInt64(block))
      let kept = [words.0, words.1, words.2, words.3].map { $0 >= 0x8000_0000 }
      #expect(y[4 * block..<4 * block + 4].map { $0 != 0 } == kept)
    }
  }

  @Test func streamsAndKeysGiveDifferentMasks() {
    let masks = [(1, 1), (1, 2), (2, 1)].map { key, stream in
      apply(DropoutMask(probability: 0.5, key: key, stream: stream), first: 0, count: 256)
    }
    #expect(masks[0] != masks[1] && masks[0] != masks[2] && masks[1] != masks[2])
  }

  @Test func nothingIsDroppedAtZeroAndSumsAreAddedTo() {
    let none = DropoutMask(probability: 0, key: 1, stream: 1)
    #expect(apply(none, first: 0, count: 100) == Array(ones[..<100]))
    let half = DropoutMask(probability: 0.5, key: 1, stream: 1)
    let plain = apply(half, first: 7, count: 100)
    #expect(apply(half, first: 7, count: 100, accumulate: true, from: 3) == plain.map { $0 + 3 })
  }
}
