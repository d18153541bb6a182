// Attention through a cache in every format: prompts and decoding steps equal the definition over
// the rows as the format has them, in ragged batches, with any team.
import SVFTLayers
import SVFTTensor
import Testing

struct AttentionCacheTests {
  /// Groups of one to eight heads; heads within blocks of Q8_0 (width 8) and of whole blocks.
  static let shapes =
    [
      (4, 4, 8), (8, 4, 8), (6, 2, 32), (4, 1, 64), (5, 1, 32), (6, 1, 32), (7, 1, 32), (8, 1, 32),
      (4, 2, 48), (2, 2, 96), (70, 1, 32),
    ].map { heads, shared, width in
      AttentionShape(
        heads: heads, keyValueHeads: shared, headWidth: width, scale: 0.4, causal: true, layer: 1)
    } + [
      AttentionShape(
        heads: 4, keyValueHeads: 2, headWidth: 32, scale: 0.4, causal: true, layer: 1, window: 7),
      AttentionShape(
        heads: 4, keyValueHeads: 1, headWidth: 32, scale: 0.4, causal: true, layer: 1, window: 300,
        scoreCap: 2),
    ]

  typealias Sequence = AttentionTests.Sequence

  /// The sequence with keys and values as a cache in this format has them.
  private func cached(_ sequence: Sequence, _ format: any ElementFormat) throws -> Sequence {
    var copy = sequence
    func round(_ numbers: [Float]) throws -> [Float] {
      let bytes = try Buffer(byteCount: format.rowBytes(numbers.count))
      var result = numbers
      format.encode(numbers, count: numbers.count, into: bytes.pointer)
      format.decode(bytes.pointer, count: numbers.count, into: &result)
      return result
    }
    copy.k = try round(sequence.k)
    copy.v = try round(sequence.v)
    return copy
  }

  /// Sequences through one cache: each step takes of every sequence the next count of its list.
  private func run(
    _ sequences: [Sequence], steps: [[Int]], _ format: any ElementFormat, threads: Int
  ) throws -> [[Double]] {
    let shape = sequences[0].shape
    let cache = try KVCache(
      layers: 2, slots: sequences.count, context: sequences.map(\.count).max() ?? 0,
      width: shape.keyValueHeads * shape.headWidth, format: format)
    let rows = steps.map { $0.reduce(0, +) }.max() ?? 0
    let replay = try AttentionTests.Replay(shape, rows: rows, threads: threads)
    let batch = try Batch(rows: rows, sequences: sequences.count)
    batch.cache = cache
    var past = sequences.map { _ in 0 }
    var found = sequences.map { _ in [Double]() }
    for counts in steps {
      batch.clear()
      // The last sequence comes first: slots and rows have different orders.
      for index in sequences.indices.reversed() where counts[index] > 0 {
        let range = past[index]..<past[index] + counts[index]
        replay.fill(sequences[index], range, at: batch.rows)
        try batch.append(
          [Int32](repeating: 0, count: range.count), past: range.lowerBound, slot: index)
      }
      try replay.program.forward(batch)
      for span in batch.spans {
        found[span.slot] += replay.rows(span.offset..<span.offset + span.count)
        past[span.slot] += span.count
      }
    }
    return found
  }

  private func distance(_ a: [Double], _ b: [Double]) -> Double {
    a.count == b.count ? zip(a, b).reduce(0) { max($0, abs($1.0 - $1.1)) } : .infinity
  }

  /// Prompts of different lengths, then some tokens at a time: one part, two parts and three.
  private func mixed(_ shape: AttentionShape, step: Int) -> ([Sequence], [[Int]]) {
    let prompts = [600, 250, 0, 70]
    let sequences = prompts.enumerated().map { index, prompt in
      Sequence(shape, count: prompt + 4 * step, seed: UInt64(index))
    }
    return (sequences, [prompts] + (0..<4).map { _ in prompts.map { _ in step } })
  }

  @Test(arguments: shapes, KVCache.formats)
  func equalsItsDefinitionOverTheRowsAsStored(
    _ shape: AttentionShape, _ format: any ElementFormat
  ) throws {
    guard format.fits(columns: shape.keyValueHeads * shape.headWidth) else { return }
    for step in [1, 3, 5] {
      let (sequences, steps) = mixed(shape, step: step)
      let found = try run(sequences, steps: steps, format, threads: 2)
      for (sequence, found) in zip(sequences, found) {
        let expected = try cached(sequence, format).attended()
        #expect(distance(found, expected) < 5e-6, "\(step) at a time, \(sequence.count) in all")
      }
    }
  }

  @Test(arguments: [("F32", 3e-6), ("F16", 2e-3), ("BF16", 2e-2), ("Q8_0", 2e-2)])
  func isNearTheUncachedResult(_ name: String, _ bound: Double) throws {
    let format = try ElementFormats.required(name)
    let (sequences, steps) = mixed(Self.shapes[2], step: 1)
    let found = try run(sequences, steps: steps, format, threads: 2)
    for (sequence, found) in zip(sequences, found) {
      let error = distance(found, sequence.attended())
      #expect(error < bound && (name == "F32" || error > 0))
    }
  }

  @Test(arguments: KVCache.formats)
  func aTeamOfAnySizeGivesTheSameBits(_ format: any ElementFormat) throws {
    for shape in [Self.shapes[0], Self.shapes[2]] + Self.shapes.suffix(2) {
      let (sequences, steps) = mixed(shape, step: 2)
      let alone = try run(sequences, steps: steps, format, threads: 1)
      for threads in [2, 3, 5] {
        #expect(try run(sequences, steps: steps, format, threads: threads) == alone)
      }
    }
  }

  /// Sixteen sequences of five parts are more than a step has room for: parts grow.
  @Test(arguments: [1, 3] as [Int])
  func manyLongSequencesAreCutIntoFewerParts(step: Int) throws {
    let shape = AttentionShape(
      heads: 2, keyValueHeads: 1, headWidth: 8, scale: 0.4, causal: true, layer: 0)
    let sequences = (0..<16).map {
      Sequence(shape, count: ($0 % 2 == 0 ? 1100 : 300) + step, seed: UInt64($0))
    }
    let prompts = sequences.map { $0.count - step }
    let found = try run(
      sequences, steps: [prompts, prompts.map { _ in step }], ElementFormats.f32, threads: 2)
    for (sequence, found) in zip(sequences, found) {
      #expect(distance(found, sequence.attended()) < 3e-6)
    }
  }

  /// Sixteen long pasts would be cut otherwise than sixteen short ones, but for what is seen of
  /// them.
  @Test(arguments: [1, 3] as [Int])
  func whatLiesBeforeAWindowChangesNoBit(step: Int) throws {
    let shape = AttentionShape(
      heads: 2, keyValueHeads: 1, headWidth: 8, scale: 0.4, causal: true, layer: 0, window: 60)
    let long = (0..<16).map { Sequence(shape, count: 1024 + 290 + step, seed: UInt64($0)) }
    let short = long.map { $0.dropFirst(1024) }
    let found = try [long, short].map { sequences in
      let prompts = sequences.map { $0.count - step }
      let results = try run(
        sequences, steps: [prompts, prompts.map { _ in step }], ElementFormats.f32, threads: 2)
      for (sequence, result) in zip(sequences, results) {
        #expect(distance(result, sequence.attended()) < 3e-6)
      }
      return results.map { Array($0.suffix(step * shape.heads * shape.headWidth)) }
    }
    #expect(found[0] == found[1])
  }

  @Test func aGraphWithoutRoomForACacheLeavesMemoryAlone() throws {
    let shape = AttentionShape(
      heads: 2, keyValueHeads: 1, headWidth: 8, scale: 1, causal: false, layer: 0)
    let sequence = Sequence(shape, count: 4, seed: 1)
    let found = try run([sequence], steps: [[4]], ElementFormats.f32, threads: 2)
    #expect(found[0].count == sequence.q.count && found[0].allSatisfy { $0 == 0 })
  }
}
