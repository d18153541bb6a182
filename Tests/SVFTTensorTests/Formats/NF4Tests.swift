// Points of a normal distribution, and where the codes of a block stand.
import SVFTTensor
import TestKit
import Testing

@Suite struct NF4Tests {
  private static let points: [Float] = [
    -1, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453, -0.28444138169288635,
    -0.18477343022823334, -0.09105003625154495, 0, 0.07958029955625534, 0.16093020141124725,
    0.24611230194568634, 0.33791524171829224, 0.44070982933044434, 0.5626170039176941,
    0.7229568362236023, 1,
  ]

  /// A block of scale 2: code i for value i, 15 - i for 16 + i, 7 for 32 + i, i for 48 + i.
  private var block: BlockByHand {
    var block = BlockByHand(NF4())
    block.set(0, 0, 0, 0, 0x40)
    for code in 0..<16 {
      block.set(4 + 2 * code, UInt8(code | (15 - code) << 4), UInt8(7 | code << 4))
    }
    return block
  }

  @Test(arguments: Kernels.instructionSets)
  func codesStandForPoints(_ set: Kernels.InstructionSet) {
    let values = Kernels.with(set) { block.values }
    #expect(Array(values.prefix(16)) == Self.points.map { 2 * $0 })
    #expect(Array(values[16..<32]) == Self.points.reversed().map { 2 * $0 })
    #expect(values[32..<48].allSatisfy { $0 == 0 })
    #expect(Array(values.suffix(16)) == Self.points.map { 2 * $0 })
    #expect(encode(values, NF4()) == block.bytes)
  }

  @Test func theNearestPointIsTakenAndOfTwoTheLower() {
    for (low, high) in zip(Self.points, Self.points.dropFirst()) {
      let middle = (low + high) / 2
      let values = [middle.nextDown, middle, middle.nextUp, 1] + [Float](repeating: 0, count: 60)
      let found = decode(encode(values, NF4()), 64, NF4())
      #expect(Array(found.prefix(3)) == [low, low, high])
    }
  }

  /// Few tokens meet strips in F32, or both sides are BF16 where that is asked for and the
  /// processor can; by the same bits beside others as alone.
  @Test(arguments: Kernels.instructionSets)
  func fewTokensMeetStripsAsAsked(_ set: Kernels.InstructionSet) throws {
    let (rows, columns, tokens) = (21, 192, 9)
    var numbers = TestNumbers(seed: 3)
    let bytes = encode(numbers.array(rows * columns), NF4())
    let scratch = try Buffer(byteCount: Kernels.scratchBytes(columns))
    let x = numbers.array(tokens * columns)
    func product(
      _ first: Int, _ count: Int, inBF16: Bool,
      _ arrangement: Kernels.StoredMatrix.Arrangement = .strips
    ) throws -> [Float] {
      var y = [Float](repeating: 0, count: count * rows)
      let part = Array(x[(first * columns)..<((first + count) * columns)])
      try Kernels.with(set) {
        try StoredCase(format: NF4(), arrangement: arrangement).with(
          bytes, rows: rows, columns: columns
        ) { matrix in
          (inBF16 ? matrix.inBF16 : matrix).product(
            rows: 0..<rows, part, tokens: count, into: &y, ldy: rows, scratch: scratch.pointer)
        }
      }
      return y
    }
    let exact = try product(0, tokens, inBF16: false)
    let rounded = try product(0, tokens, inBF16: true)
    #expect((exact == rounded) == (set < .avx512bf16))
    guard set >= .avx512vnni else { return }
    for (whole, inBF16) in [(exact, false), (rounded, true)] {
      #expect(try product(0, tokens, inBF16: inBF16, .rowsAsStrips) == whole)
      for token in 0..<tokens {
        let alone = try product(token, 1, inBF16: inBF16)
        #expect(alone == Array(whole[(token * rows)..<((token + 1) * rows)]))
      }
    }
  }
}
