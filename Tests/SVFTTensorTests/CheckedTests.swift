// Foreign numbers at the edges of 64 bits: right results up to there, sentences beyond.
import SVFTTensor
import Testing

@Suite struct CheckedTests {
  @Test func resultsAreExactUpToTheEdge() throws {
    #expect(try Checked.sum(Int.max - 1, 1, "n") == Int.max)
    #expect(try Checked.sum(Int.min, Int.max, "n") == -1)
    #expect(try Checked.product(1 << 31, 1 << 31, "n") == 1 << 62)
    #expect(try Checked.product([], "n") == 1)
    #expect(try Checked.product([3, 0, Int.max], "n") == 0)
    #expect(try Checked.int(UInt64(Int.max), "n") == Int.max)
  }

  @Test func beyondItTheQuantityIsNamed() {
    let failures: [() throws -> Int] = [
      { try Checked.sum(Int.max, 1, "the size of w") },
      { try Checked.sum(Int.min, -1, "the size of w") },
      { try Checked.product(1 << 32, 1 << 31, "the size of w") },
      { try Checked.product([1 << 32, 2, 1 << 31], "the size of w") },
      { try Checked.int(UInt64.max, "the size of w") },
    ]
    for body in failures {
      let error = #expect(throws: SVFTError.self) { try body() }
      #expect(error?.kind == .limit)
      #expect(error?.message.hasPrefix("the size of w: ") == true, "\(error?.message ?? "")")
    }
  }

  @Test func rangesIncludeTheirEnds() throws {
    #expect(try Checked.within(1, 1...3, "heads") == 1)
    #expect(try Checked.within(3, 1...3, "heads") == 3)
    let error = #expect(throws: SVFTError.self) { try Checked.within(4, 1...3, "heads") }
    #expect(error == SVFTError(.invalidArgument, "heads: expected 1 to 3, found 4"))
    let format = #expect(throws: SVFTError.self) {
      try Checked.within(0, 1...3, "heads", kind: .format)
    }
    #expect(format?.kind == .format)
  }

  @Test func notANumberIsInNoRange() {
    #expect(throws: SVFTError.self) { try Checked.within(Double.nan, 0...1, "rate") }
  }
}
