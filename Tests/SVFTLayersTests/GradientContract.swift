// The table of what stands under the gradient contract. A new op is one line here.
//
// Widths are odd or not multiples of 16, batches ragged, weights trained where an op can train
// them.
import SVFTLayers
import SVFTTensor
import Testing

/// One recording under contract: how it is recorded on a bench, over which sequences.
struct Contract: Sendable, CustomTestStringConvertible {
  let name: String
  let lengths: [Int]
  /// Lengths of the texts that sequences are about; none where there are no such texts.
  let sources: [Int]
  /// Returns the output, or nil where the recording ends in a loss.
  let record: @Sendable (Bench) throws -> Value?

  init(
    _ name: String, _ lengths: [Int] = [3, 1, 5], sources: [Int] = [],
    record: @escaping @Sendable (Bench) throws -> Value?
  ) {
    self.name = name
    self.lengths = lengths
    self.sources = sources
    self.record = record
  }

  var testDescription: String { name }

  /// A bench with the recording on it.
  func bench(alsoReads: Bool = false, threads: Int = 1) throws -> Bench {
    let bench = try Bench(name, lengths: lengths, sources: sources)
    try bench.build(try record(bench), alsoReads: alsoReads, threads: threads)
    return bench
  }

  static let all: [Contract] =
    products + norms + attentions + activations + [
      Contract("embedding by token") {
        $0.graph.embed(table: try $0.slot("e", 11, 19), by: .tokens)
      },
      Contract("embedding by position") {
        $0.graph.embed(table: try $0.slot("e", 5, 19), by: .positions)
      },
      Contract("embedding by segment") {
        $0.graph.embed(table: try $0.slot("e", 2, 19), by: .segments)
      },
      Contract("embedding further on, scaled") {
        $0.graph.embed(table: try $0.slot("e", 8, 19), by: .positions, offset: 2, scale: 1.7)
      },
      Contract("columns side by side") {
        try $0.graph.columns($0.input(19), ColumnBlocks(first: 3, width: 7))
      },
      Contract("columns of each head") {
        try $0.graph.columns(
          $0.input(30), ColumnBlocks(first: 3, width: 3, stride: 10, count: 3))
      },
      Contract("all parts of a value") {
        let x = $0.input(18)
        let parts = try (0..<3).map { (part) throws(SVFTError) in
          ColumnBlocks(first: 2 * part, width: 2, stride: 6, count: 3)
        }
        let (q, k) = try ($0.graph.columns(x, parts[0]), $0.graph.columns(x, parts[1]))
        return $0.graph.add($0.graph.gated(q, k, .silu), try $0.graph.columns(x, parts[2]))
      },
      Contract("neighbours") { $0.graph.neighbours($0.input(7), width: 3) },
      Contract("relative rows through a module") { bench in
        let graph = bench.graph
        let positions = RelativePositions(span: 4)
        let rows = graph.relativeRows(of: try bench.slot("e", 8, 9), positions)
        let (weight, bias) = try (bench.slot("w", 10, 9), bench.slot("b", 10))
        let queries = try graph.over(.relative(positions)) {
          try graph.linear(graph.dropout(rows, 0.2), weight, bias: bias)
        }
        return graph.attention(
          bench.input(10), bench.input(10), bench.input(10),
          AttentionShape(
            heads: 2, keyValueHeads: 2, headWidth: 5, scale: 0.7, causal: false, layer: 0),
          positions: PositionTerms(positions, keys: nil, queries: queries))
      },
      Contract("soft cap") { $0.graph.softCap($0.input(37), at: 0.8) },
      Contract("rope beyond a length") {
        $0.graph.rope(
          $0.input(18),
          RotaryEmbedding(
            inverseFrequencies: [1, 0.3, 0.1],
            beyond: .init(length: 3, rule: .growing(theta: 100, factor: 2, width: 6)),
            order: .halves), heads: 3)
      },
      Contract("rope, halves") { $0.graph.rope($0.input(18), rotary(3, .halves), heads: 3) },
      Contract("rope, interleaved") {
        $0.graph.rope($0.input(18), rotary(3, .interleaved), heads: 3)
      },
      Contract("rope, part of a head") {
        $0.graph.rope($0.input(21), rotary(2, .halves), heads: 3)
      },
      Contract("dropout") { $0.graph.dropout($0.input(37), 0.4) },
      Contract("cross-entropy") {
        $0.graph.crossEntropy(try $0.graph.linear($0.input(13), try $0.slot("w", 7, 13), bias: nil))
        return nil
      },
      Contract("binary cross-entropy") {
        $0.graph.binaryCrossEntropy(
          try $0.graph.linear($0.input(13), try $0.slot("w", 5, 13), bias: nil))
        return nil
      },
      Contract("squared error") {
        $0.graph.squaredError(try $0.graph.linear($0.input(13), try $0.slot("w", 1, 13), bias: nil))
        return nil
      },
    ]

  private static let products: [Contract] = [
    Contract("linear, frozen") {
      try $0.graph.linear($0.input(37), try $0.frozen("w", 75, 37), bias: nil)
    },
    Contract("linear, trained") {
      try $0.graph.linear($0.input(37), try $0.slot("w", 75, 37), bias: try $0.slot("b", 75))
    },
    Contract("linear, trained matrix") {
      try $0.graph.linear($0.input(9), trained: try $0.parameter("m", 5, 9))
    },
    Contract("linear, added to another value") {
      try $0.graph.linear(
        $0.input(9), trained: try $0.parameter("m", 5, 9), addedTo: $0.input(5), scale: -0.7)
    },
    Contract("columns scaled") {
      try $0.graph.scaleColumns($0.input(37), by: try Replay.floats(37, "d"))
    },
    Contract("bias alone") { $0.graph.addBias($0.input(75), try $0.slot("b", 75)) },
    Contract("sum") { $0.graph.add($0.input(37), $0.input(37)) },
    Contract("scaled sum") { $0.graph.add($0.input(37), $0.input(37), scale: -0.7) },
    Contract("one matrix used twice") {
      let slot = try $0.slot("w", 19, 19)
      let h = try $0.graph.linear($0.input(19), slot, bias: nil)
      return try $0.graph.linear($0.graph.activation(h, .tanh), slot, bias: nil)
    },
    Contract("tied embedding") {
      let table = try $0.slot("e", 11, 19)
      let h = $0.graph.embed(table: table, by: .tokens)
      return try $0.graph.linear($0.graph.activation(h, .tanh), table, bias: nil)
    },
    Contract("value read by three ops") {
      let x = $0.input(19)
      let h = try $0.graph.linear(x, try $0.slot("w", 19, 19), bias: nil)
      return $0.graph.add($0.graph.gated(h, x, .silu), h)
    },
  ]

  private static let norms: [Contract] = [
    Contract("rms norm") {
      try $0.graph.rmsNorm($0.input(37), weight: try $0.slot("w", 37), epsilon: 1e-2)
    },
    Contract("rms norm of each head, around one") {
      try $0.graph.rmsNorm($0.input(33), weight: try $0.slot("w", 11), epsilon: 1e-2, offset: 1)
    },
    Contract("layer norm") {
      $0.graph.layerNorm(
        $0.input(69), weight: try $0.slot("w", 69), bias: try $0.slot("b", 69), epsilon: 1e-2)
    },
    Contract("rows of length one") { $0.graph.normalize($0.input(37)) },
  ]

  private static let attentions: [Contract] = [
    attention("full attention", 3, 3, causal: false),
    attention("causal attention", 3, 3, causal: true),
    attention("grouped heads", 6, 2, causal: true),
    attention("one head of keys", 3, 1, causal: false),
    // Longer than a block of queries (32) and one of keys (256). Sharp, because a key that all of
    // 260 queries see a little moves a F32 loss less than rounding does.
    attention("several blocks", 2, 1, [270, 35], scale: 4, causal: true),
    attention("several blocks, full", 2, 2, [260, 3], scale: 4, causal: false),
    attention("attention with dropout", 6, 2, dropout: 0.3, causal: true),
    attention("full attention with dropout", 3, 3, dropout: 0.3, causal: false),
    attention("dropout in several blocks", 2, 1, [270, 35], scale: 4, dropout: 0.2, causal: true),
    attention("attention with a window", 6, 2, [4, 1, 7], causal: true) { $0.window = 3 },
    attention("a window to both sides", 3, 3, [4, 1, 7], causal: false) { $0.window = 2 },
    attention("a window of several blocks", 2, 1, [270, 35], scale: 4, causal: true) {
      $0.window = 60
    },
    attention("a window with dropout", 2, 1, [140, 35], scale: 4, dropout: 0.2, causal: true) {
      $0.window = 20
    },
    attention("capped scores", 6, 2, causal: true) { $0.scoreCap = 0.9 },
    attention("capped scores in several blocks", 2, 1, [270, 35], scale: 4, causal: true) {
      ($0.scoreCap, $0.window) = (2.5, 150)
    },
    shifted("scores by distance", [4, 1, 7], 8, 5, causal: false),
    shifted("scores by distance behind", [4, 1, 7], 6, 5, causal: true),
    shifted("scores by distance in several blocks", [270, 35], 16, 200, causal: true),
    about("attention to another text", [4, 1, 7], [2, 5, 3], heads: 3),
    about("grouped heads about another text", [4, 1, 7], [2, 5, 3], heads: 6),
    about("another text with dropout", [4, 1, 7], [2, 5, 3], heads: 6, dropout: 0.3),
    about("another text of several blocks", [140, 3], [30, 260], heads: 6),
    disentangled("relative positions", RelativePositions(span: 5)),
    disentangled(
      "relative positions in buckets, keys alone", RelativePositions(span: 4, bucketsTo: 9),
      queries: false),
    disentangled("relative positions, queries alone", RelativePositions(span: 9), keys: false),
    disentangled(
      "relative positions over blocks", RelativePositions(span: 8, bucketsTo: 60), [150, 20]),
    Contract("attention of a value on itself") {
      let x = $0.input(10)
      return $0.graph.attention(
        x, x, x,
        AttentionShape(
          heads: 2, keyValueHeads: 2, headWidth: 5, scale: 0.4, causal: true, layer: 0))
    },
  ]

  private static let activations: [Contract] = ActivationFunction.allCases.flatMap { function in
    [
      Contract("\(function)") { $0.graph.activation($0.input(37), function) },
      Contract("gate of \(function)") { $0.graph.gated($0.input(37), $0.input(37), function) },
    ]
  }

  private static func attention(
    _ name: String, _ heads: Int, _ keyValueHeads: Int, _ lengths: [Int] = [4, 1, 7],
    scale: Float = 1.3, dropout: Float = 0, causal: Bool,
    _ change: @escaping @Sendable (inout AttentionShape) -> Void = { _ in }
  ) -> Contract {
    Contract(name, lengths) {
      var shape = AttentionShape(
        heads: heads, keyValueHeads: keyValueHeads, headWidth: 5, scale: scale, causal: causal,
        layer: 0)
      change(&shape)
      return $0.graph.attention(
        $0.input(heads * 5), $0.input(keyValueHeads * 5), $0.input(keyValueHeads * 5), shape,
        dropout: dropout)
    }
  }

  private static func shifted(
    _ name: String, _ lengths: [Int], _ buckets: Int, _ farthest: Int, causal: Bool
  ) -> Contract {
    Contract(name, lengths) {
      let shape = AttentionShape(
        heads: 3, keyValueHeads: 3, headWidth: 5, scale: 1.7, causal: causal, layer: 0)
      let bias = try RelativeBias(
        $0.slot("t", buckets, 3), farthest: farthest, isBidirectional: !causal)
      return $0.graph.attention($0.input(15), $0.input(15), $0.input(15), shape, bias: bias)
    }
  }

  private static func about(
    _ name: String, _ lengths: [Int], _ sources: [Int], heads: Int, dropout: Float = 0
  ) -> Contract {
    Contract(name, lengths, sources: sources) {
      var shape = AttentionShape(
        heads: heads, keyValueHeads: 3, headWidth: 5, scale: 1.3, causal: false, layer: 0)
      shape.readsSource = true
      return $0.graph.attention(
        $0.input(heads * 5), try $0.sourceInput(15), try $0.sourceInput(15), shape,
        dropout: dropout)
    }
  }

  private static func disentangled(
    _ name: String, _ positions: RelativePositions, _ lengths: [Int] = [4, 1, 7],
    keys: Bool = true, queries: Bool = true
  ) -> Contract {
    Contract(name, lengths) { bench in
      let graph = bench.graph
      func rows(_ name: String) throws -> Value {
        let table = try bench.slot(name, 2 * positions.span, 10)
        return graph.relativeRows(of: table, positions)
      }
      let terms = PositionTerms(
        positions, keys: keys ? try rows("keys") : nil, queries: queries ? try rows("queries") : nil
      )
      let shape = AttentionShape(
        heads: 2, keyValueHeads: 2, headWidth: 5, scale: 1.1, causal: false, layer: 0)
      return graph.attention(
        bench.input(10), bench.input(10), bench.input(10), shape, positions: terms, dropout: 0.1)
    }
  }

  private static func rotary(_ pairs: Int, _ order: RotaryEmbedding.Order) -> RotaryEmbedding {
    RotaryEmbedding(
      inverseFrequencies: (0..<pairs).map { 1 / Float(1 + 3 * $0) }, attentionFactor: 1.1,
      order: order)
  }
}
