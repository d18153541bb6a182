// Scores shifted by distance, against the definition: whole sequences of several blocks, and step
// by step through a cache.
import SVFTLayers
import SVFTTensor
import Testing

struct AttentionBiasTests {
  typealias Sequence = AttentionTests.Sequence

  /// A table of numbers for 3 heads, and what it adds.
  private struct Table {
    let bias: RelativeBias
    private let numbers: [Float]

    init(isBidirectional: Bool) throws {
      var random = RandomSource(seed: 1, purpose: "bias")
      let numbers = (0..<16 * 3).map { _ in random.uniform(-2, 2) }
      let bytes = try Buffer(of: Float.self, count: 16 * 3)
      _ = bytes.values(Float.self).update(fromContentsOf: numbers)
      let weight = try Weight(format: ElementFormats.f32, rows: 16, columns: 3, bytes: bytes)
      bias = try RelativeBias(
        Slot(name: "t", weight: weight, shape: [16, 3]), farthest: 90,
        isBidirectional: isBidirectional)
      self.numbers = numbers
    }

    func shift(_ query: Int, _ head: Int, _ key: Int) -> Double {
      Double(numbers[bias.bucket(key - query) * 3 + head])
    }
  }

  private func shape(causal: Bool) -> AttentionShape {
    AttentionShape(heads: 3, keyValueHeads: 3, headWidth: 8, scale: 0.4, causal: causal, layer: 0)
  }

  private func distance(_ a: [Double], _ b: [Double]) -> Double {
    a.count == b.count ? zip(a, b).reduce(0) { max($0, abs($1.0 - $1.1)) } : .infinity
  }

  @Test(arguments: [true, false])
  func equalsItsDefinition(causal: Bool) throws {
    let table = try Table(isBidirectional: !causal)
    let (one, other) = (
      Sequence(shape(causal: causal), count: 300, seed: 1),
      Sequence(shape(causal: causal), count: 7, seed: 2)
    )
    let replay = try AttentionTests.Replay(shape(causal: causal), rows: 307, bias: table.bias)
    let batch = try Batch(rows: 307, sequences: 2)
    try batch.append([Int32](repeating: 0, count: 300))
    try batch.append([Int32](repeating: 0, count: 7))
    replay.fill(one, 0..<300, at: 0)
    replay.fill(other, 0..<7, at: 300)
    try replay.program.forward(batch)
    #expect(distance(replay.rows(0..<300), one.attended(shift: table.shift)) < 4e-6)
    #expect(distance(replay.rows(300..<307), other.attended(shift: table.shift)) < 4e-6)
    #expect(distance(replay.rows(300..<307), other.attended()) > 0.1)
  }

  @Test(arguments: [1, 2, 3, 17] as [Int])
  func stepwiseThroughACacheEqualsTheWhole(step: Int) throws {
    let table = try Table(isBidirectional: false)
    let sequence = Sequence(shape(causal: true), count: 290, seed: 3)
    let replay = try AttentionTests.Replay(shape(causal: true), rows: 290, bias: table.bias)
    let batch = try Batch(rows: 290, sequences: 1)
    batch.cache = try KVCache(layers: 1, slots: 1, context: 300, width: 24)
    var found: [Double] = []
    var past = 0
    while past < 290 {
      let count = min(past == 0 ? 250 : step, 290 - past)
      batch.clear()
      try batch.append([Int32](repeating: 0, count: count), past: past)
      replay.fill(sequence, past..<past + count, at: 0)
      try replay.program.forward(batch)
      found += replay.rows(0..<count)
      past += count
    }
    #expect(distance(found, sequence.attended(shift: table.shift)) < 4e-6)
  }

  @Test func tooFewBucketsAreRefused() throws {
    let weight = try Weight(
      format: ElementFormats.f32, rows: 8, columns: 3, bytes: Buffer(of: Float.self, count: 24))
    let slot = Slot(name: "t", weight: weight, shape: [8, 3])
    _ = try RelativeBias(slot, farthest: 3, isBidirectional: true)
    #expect(throws: SVFTError.self) { try RelativeBias(slot, farthest: 2, isBidirectional: true) }
    #expect(throws: SVFTError.self) { try RelativeBias(slot, farthest: 4, isBidirectional: false) }
  }
}
