// Attention against its definition in Double, written out as loops; with and without a cache.
import SVFTLayers
import SVFTTensor
import Testing

struct AttentionTests {
  /// Queries, keys and values of one sequence, and the definition of attention over them.
  struct Sequence {
    let shape: AttentionShape
    let count: Int
    /// Rows of keys and values: those of the sequence, or of the text that it is about.
    let keys: Int
    var q: [Float]
    var k: [Float]
    var v: [Float]

    init(_ shape: AttentionShape, count: Int, keys: Int? = nil, seed: UInt64) {
      self.shape = shape
      self.count = count
      self.keys = keys ?? count
      var random = RandomSource(seed: seed, purpose: "attention")
      func numbers(_ heads: Int, _ count: Int) -> [Float] {
        (0..<count * heads * shape.headWidth).map { _ in random.uniform(-1.5, 1.5) }
      }
      q = numbers(shape.heads, count)
      k = numbers(shape.keyValueHeads, self.keys)
      v = numbers(shape.keyValueHeads, self.keys)
    }

    /// Without its first tokens.
    func dropFirst(_ number: Int) -> Sequence {
      var other = Sequence(shape, count: count - number, seed: 0)
      let width = number * shape.headWidth
      other.q = Array(q.dropFirst(shape.heads * width))
      other.k = Array(k.dropFirst(shape.keyValueHeads * width))
      other.v = Array(v.dropFirst(shape.keyValueHeads * width))
      return other
    }

    typealias Number = (_ query: Int, _ head: Int, _ key: Int) -> Double

    /// The outputs by definition, [count, heads · width]; `kept` is what dropout multiplies a
    /// probability with, `shift` what is added to a score.
    func attended(
      shift: Number = { _, _, _ in 0 }, kept: Number = { _, _, _ in 1 }
    ) -> [Double] {
      let width = shape.headWidth
      var output = [Double](repeating: 0, count: q.count)
      for head in 0..<shape.heads {
        let shared = head * shape.keyValueHeads / shape.heads
        for i in 0..<count {
          let seen = (0..<keys).filter { j in
            (!shape.causal || j <= i) && abs(i - j) < shape.window ?? .max
          }
          let scores = seen.map { j in
            let score =
              shift(i, head, j) + Double(shape.scale)
              * (0..<width).reduce(0.0) { sum, d in
                sum + Double(q[(i * shape.heads + head) * width + d])
                  * Double(k[(j * shape.keyValueHeads + shared) * width + d])
              }
            guard let cap = shape.scoreCap.map({ Double($0) }) else { return score }
            let twice = exponential(2 * score / cap)
            return cap * (twice - 1) / (twice + 1)
          }
          let largest = scores.max() ?? 0
          let weights = scores.map { exponential($0 - largest) }
          let total = weights.reduce(0, +)
          for (j, weight) in zip(seen, weights) {
            for d in 0..<width {
              output[(i * shape.heads + head) * width + d] +=
                kept(i, head, j) * weight / total
                * Double(v[(j * shape.keyValueHeads + shared) * width + d])
            }
          }
        }
      }
      return output
    }
  }

  static let shapes = [
    AttentionShape(heads: 3, keyValueHeads: 3, headWidth: 5, scale: 0.4, causal: false, layer: 0),
    AttentionShape(heads: 3, keyValueHeads: 3, headWidth: 5, scale: 0.4, causal: true, layer: 0),
    AttentionShape(heads: 6, keyValueHeads: 2, headWidth: 8, scale: 0.9, causal: true, layer: 0),
    AttentionShape(heads: 4, keyValueHeads: 1, headWidth: 17, scale: 0.3, causal: false, layer: 0),
    AttentionShape(
      heads: 4, keyValueHeads: 2, headWidth: 5, scale: 0.4, causal: true, layer: 0, window: 9),
    AttentionShape(
      heads: 4, keyValueHeads: 2, headWidth: 5, scale: 0.4, causal: false, layer: 0, window: 70),
    AttentionShape(
      heads: 4, keyValueHeads: 2, headWidth: 5, scale: 0.9, causal: true, layer: 0, window: 280,
      scoreCap: 1.5),
  ]

  /// A program of one attention op with its inputs.
  struct Replay {
    let program: Program
    let inputs: [Value]
    let output: Value

    init(
      _ shape: AttentionShape, rows: Int, threads: Int = 2, bias: RelativeBias? = nil,
      dropout: Float = 0
    ) throws {
      let graph = Graph(training: dropout > 0)
      let query = graph.input(width: shape.heads * shape.headWidth)
      let key = graph.input(width: shape.keyValueHeads * shape.headWidth)
      let value = graph.input(width: shape.keyValueHeads * shape.headWidth)
      output = graph.attention(query, key, value, shape, bias: bias, dropout: dropout)
      graph.output(output)
      inputs = [query, key, value]
      program = try Program(graph, rows: rows, threads: threads)
    }

    /// Puts rows `range` of a sequence at row `row` of the step.
    func fill(_ sequence: Sequence, _ range: Range<Int>, at row: Int) {
      for (input, numbers) in zip(inputs, [sequence.q, sequence.k, sequence.v]) {
        let target = program.values(input) + row * input.width
        for i in 0..<range.count * input.width {
          target[i] = numbers[range.lowerBound * input.width + i]
        }
      }
    }

    func rows(_ range: Range<Int>) -> [Double] {
      (range.lowerBound * output.width..<range.upperBound * output.width).map {
        Double(program.values(output)[$0])
      }
    }
  }

  private func distance(_ a: [Double], _ b: some Swift.Sequence<Double>) -> Double {
    zip(a, b).reduce(0) { max($0, abs($1.0 - $1.1)) }
  }

  @Test(arguments: shapes)
  func equalsItsDefinitionInRaggedBatches(_ shape: AttentionShape) throws {
    let counts = [1, 40, 7, 300]
    let replay = try Replay(shape, rows: 348)
    let batch = try Batch(rows: 348, sequences: 4)
    var sequences: [(Sequence, Int)] = []
    for (index, count) in counts.enumerated() {
      let sequence = Sequence(shape, count: count, seed: UInt64(index))
      sequences.append((sequence, batch.rows))
      replay.fill(sequence, 0..<count, at: batch.rows)
      try batch.append([Int32](repeating: 0, count: count))
    }
    try replay.program.forward(batch)
    for (sequence, row) in sequences {
      let found = replay.rows(row..<row + sequence.count)
      #expect(distance(found, sequence.attended()) < 2e-6, "\(sequence.count) tokens")
    }
  }

  @Test(arguments: shapes)
  func aSequenceAloneEqualsItselfInABatch(_ shape: AttentionShape) throws {
    let sequence = Sequence(shape, count: 37, seed: 1)
    let replay = try Replay(shape, rows: 90)
    let alone = try Batch(rows: 90, sequences: 3)
    try alone.append([Int32](repeating: 0, count: 37))
    replay.fill(sequence, 0..<37, at: 0)
    try replay.program.forward(alone)
    let expected = replay.rows(0..<37)

    let together = try Batch(rows: 90, sequences: 3)
    for count in [11, 37, 42] { try together.append([Int32](repeating: 0, count: count)) }
    replay.fill(Sequence(shape, count: 11, seed: 2), 0..<11, at: 0)
    replay.fill(sequence, 0..<37, at: 11)
    replay.fill(Sequence(shape, count: 42, seed: 3), 0..<42, at: 48)
    try replay.program.forward(together)
    #expect(distance(replay.rows(11..<48), expected) < 1e-5)
  }

  @Test(arguments: [1, 2, 5, 31] as [Int])
  func stepwiseWithACacheEqualsWhole(step: Int) throws {
    let shape = AttentionShape(
      heads: 6, keyValueHeads: 2, headWidth: 8, scale: 0.4, causal: true, layer: 1)
    let first = Sequence(shape, count: 300, seed: 5)
    let second = Sequence(shape, count: 290, seed: 6)
    let cache = try KVCache(layers: 2, slots: 3, context: 300, width: 16)
    let replay = try Replay(shape, rows: 600)
    let batch = try Batch(rows: 600, sequences: 2)
    batch.cache = cache
    // A long prompt, then a few tokens at a time; the second sequence always ten behind.
    var past = 0
    var found: (first: [Double], second: [Double]) = ([], [])
    while past < 300 {
      let count = past == 0 ? 250 : min(step, 300 - past)
      let behind = past == 0 ? 240 : count
      let start = past == 0 ? 0 : past - 10
      batch.clear()
      try batch.append([Int32](repeating: 0, count: count), past: past, slot: 2)
      try batch.append([Int32](repeating: 0, count: behind), past: start, slot: 0)
      replay.fill(first, past..<past + count, at: 0)
      replay.fill(second, start..<start + behind, at: count)
      try replay.program.forward(batch)
      found.first += replay.rows(0..<count)
      found.second += replay.rows(count..<count + behind)
      past += count
    }
    #expect(found.first.count == first.q.count && found.second.count == second.q.count)
    #expect(distance(found.first, first.attended()) < 2e-6)
    #expect(distance(found.second, second.attended()) < 2e-6)
  }

  @Test func aSpanOutsideTheCacheLeavesMemoryAlone() throws {
    let shape = AttentionShape(
      heads: 1, keyValueHeads: 1, headWidth: 4, scale: 1, causal: true, layer: 0)
    let replay = try Replay(shape, rows: 4)
    let batch = try Batch(rows: 4, sequences: 1)
    batch.cache = try KVCache(layers: 1, slots: 1, context: 8, width: 4)
    try batch.append([Int32](repeating: 0, count: 4), past: 5)
    replay.fill(Sequence(shape, count: 4, seed: 1), 0..<4, at: 0)
    try replay.program.forward(batch)
    #expect(replay.rows(0..<4).allSatisfy { $0 == 0 })
  }

  /// A sequence of 300 behind another through attention with dropout.
  private func dropped(_ sequence: Sequence, key: UInt64, threads: Int, training: Bool = true)
    throws -> [Double]
  {
    let replay = try Replay(sequence.shape, rows: 310, threads: threads, dropout: 0.25)
    let batch = try Batch(rows: 310, sequences: 2)
    batch.training = training
    batch.randomKey = key
    for count in [10, 300] { try batch.append([Int32](repeating: 0, count: count)) }
    replay.fill(sequence, 0..<10, at: 0)
    replay.fill(sequence, 0..<300, at: 10)
    try replay.program.forward(batch)
    return replay.rows(10..<310)
  }

  @Test(arguments: shapes)
  func dropoutFallsOnProbabilitiesAfterTheSoftmax(_ shape: AttentionShape) throws {
    let sequence = Sequence(shape, count: 300, seed: 3)
    let mask = DropoutMask(probability: 0.25, key: 7, stream: 0)
    var ones = [Float](repeating: 1, count: 300)
    var masks: [[Float]] = []
    for line in 0..<300 * shape.heads {
      var row = ones
      mask.apply(
        &ones, first: (10 * shape.heads + line) << 32, count: 300, into: &row)
      masks.append(row)
    }
    let kept = masks.joined().count { $0 > 0 }
    #expect(abs(Double(kept) / Double(300 * 300 * shape.heads) - 0.75) < 0.005)
    let expected = sequence.attended(kept: { query, head, key in
      Double(masks[query * shape.heads + head][key])
    })
    let found = try dropped(sequence, key: 7, threads: 2)
    #expect(distance(found, expected) < 4e-6)
    for threads in [1, 3, 5] {
      #expect(try dropped(sequence, key: 7, threads: threads) == found)
    }
    #expect(try dropped(sequence, key: 8, threads: 2) != found)
  }

  @Test func outsideTrainingNoProbabilityFalls() throws {
    let sequence = Sequence(Self.shapes[2], count: 300, seed: 3)
    let found = try dropped(sequence, key: 7, threads: 2, training: false)
    #expect(distance(found, sequence.attended()) < 2e-6)
  }
}
