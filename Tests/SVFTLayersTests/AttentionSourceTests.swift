// Attention to the text that a sequence is about, against the definition: of whole steps, and
// through a cache that an earlier step has filled.
import SVFTLayers
import SVFTTensor
import Testing

struct AttentionSourceTests {
  typealias Sequence = AttentionTests.Sequence

  static let shapes = [(3, 3, 8), (6, 2, 32), (4, 1, 64)].map { heads, shared, width in
    var shape = AttentionShape(
      heads: heads, keyValueHeads: shared, headWidth: width, scale: 0.4, causal: false, layer: 1)
    shape.readsSource = true
    return shape
  }

  /// One attention, whose keys and values are inputs of the source's side.
  private struct Replay {
    let program: Program
    private let query: Value
    private let keys: [Value]
    private let output: Value

    init(_ shape: AttentionShape, rows: Int, sourceRows: Int, threads: Int) throws {
      let graph = Graph(training: false)
      let width = shape.keyValueHeads * shape.headWidth
      query = graph.input(width: shape.heads * shape.headWidth)
      keys = try graph.onSource { () throws(SVFTError) in
        [graph.input(width: width), graph.input(width: width)]
      }
      output = graph.attention(query, keys[0], keys[1], shape)
      graph.output(output)
      program = try Program(graph, rows: rows, sourceRows: sourceRows, threads: threads)
    }

    func fill(_ sequence: Sequence, _ range: Range<Int>, at row: Int) {
      let width = query.width
      for i in 0..<range.count * width {
        program.values(query)[row * width + i] = sequence.q[range.lowerBound * width + i]
      }
    }

    func fillSource(_ sequence: Sequence, at row: Int) {
      for (value, numbers) in zip(keys, [sequence.k, sequence.v]) {
        for (i, number) in numbers.enumerated() {
          program.values(value)[row * value.width + i] = number
        }
      }
    }

    func rows(_ range: Range<Int>) -> [Double] {
      (range.lowerBound * output.width..<range.upperBound * output.width).map {
        Double(program.values(output)[$0])
      }
    }
  }

  private func distance(_ a: [Double], _ b: [Double]) -> Double {
    a.count == b.count ? zip(a, b).reduce(0) { max($0, abs($1.0 - $1.1)) } : .infinity
  }

  private func zeros(_ count: Int) -> [Int32] { [Int32](repeating: 0, count: count) }

  @Test(arguments: shapes)
  func wholeStepsEqualTheDefinition(_ shape: AttentionShape) throws {
    let texts = [(70, 300), (1, 9), (5, 1)].enumerated().map { index, sizes in
      Sequence(shape, count: sizes.0, keys: sizes.1, seed: UInt64(index))
    }
    let replay = try Replay(shape, rows: 80, sourceRows: 320, threads: 2)
    let batch = try Batch(rows: 80, sequences: 3, sourceRows: 320)
    for text in texts {
      replay.fill(text, 0..<text.count, at: batch.rows)
      replay.fillSource(text, at: batch.source?.rows ?? 0)
      try batch.source?.append(zeros(text.keys))
      try batch.append(zeros(text.count))
    }
    try replay.program.forward(batch)
    for (text, span) in zip(texts, batch.spans) {
      let found = replay.rows(span.offset..<span.offset + span.count)
      #expect(distance(found, text.attended()) < 4e-6, "\(text.count) about \(text.keys)")
    }
  }

  @Test(arguments: shapes, [1, 2, 3])
  func laterStepsSeeWhatAnEarlierOneHasRead(_ shape: AttentionShape, threads: Int) throws {
    let (one, other) = (
      Sequence(shape, count: 30, keys: 600, seed: 1), Sequence(shape, count: 30, keys: 40, seed: 2)
    )
    let replay = try Replay(shape, rows: 40, sourceRows: 600, threads: threads)
    let batch = try Batch(rows: 40, sequences: 2, sourceRows: 600)
    let width = shape.keyValueHeads * shape.headWidth
    batch.cache = try KVCache(layers: 2, slots: 3, context: 40, width: width)
    batch.sourceCache = try KVCache(layers: 2, slots: 3, context: 600, width: width)
    var found: (one: [Double], other: [Double]) = ([], [])
    // One text is read before the other; then a token of each, then several.
    for (step, (a, b)) in [(0..<20, 0..<0), (20..<21, 0..<10), (21..<30, 10..<11)].enumerated() {
      batch.clear()
      if step == 0 {
        try batch.source?.append(zeros(600), slot: 2)
        replay.fillSource(one, at: 0)
      } else if step == 1 {
        try batch.source?.append(zeros(40), slot: 0)
        replay.fillSource(other, at: 0)
      }
      replay.fill(one, a, at: 0)
      try batch.append(zeros(a.count), past: a.lowerBound, slot: 2, sourceCount: 600)
      if !b.isEmpty {
        replay.fill(other, b, at: a.count)
        try batch.append(zeros(b.count), past: b.lowerBound, slot: 0, sourceCount: 40)
      }
      try replay.program.forward(batch)
      found.one += replay.rows(0..<a.count)
      found.other += replay.rows(a.count..<a.count + b.count)
    }
    #expect(distance(found.one, one.attended()) < 4e-6)
    let rows = found.other.count
    #expect(distance(found.other, Array(other.attended()[..<rows])) < 4e-6)
  }

  @Test func aTextBeyondItsCacheLeavesMemoryAlone() throws {
    let shape = Self.shapes[0]
    let text = Sequence(shape, count: 2, keys: 20, seed: 1)
    let replay = try Replay(shape, rows: 2, sourceRows: 20, threads: 1)
    let batch = try Batch(rows: 2, sequences: 1, sourceRows: 20)
    batch.sourceCache = try KVCache(layers: 2, slots: 1, context: 19, width: 24)
    try batch.source?.append(zeros(20))
    try batch.append(zeros(2), sourceCount: 20)
    replay.fillSource(text, at: 0)
    replay.fill(text, 0..<2, at: 0)
    try replay.program.forward(batch)
    #expect(replay.rows(0..<2).allSatisfy { $0 == 0 })
  }
}
