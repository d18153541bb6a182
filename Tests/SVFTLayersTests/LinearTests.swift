// Products of every format with the bias added, and what widths are refused.
import SVFTLayers
import SVFTTensor
import TestKit
import Testing

struct LinearTests {
  /// y = W x + b of the decoded matrix, in Double.
  private func expected(_ weight: Weight, _ x: [Float], _ b: [Float]) throws -> [Float] {
    let w = try Replay.decoded(weight)
    return (0..<x.count / weight.columns).flatMap { t in
      (0..<weight.rows).map { r in
        Float(
          (0..<weight.columns).reduce(Double(b[r])) {
            $0 + Double(w[r * weight.columns + $1]) * Double(x[t * weight.columns + $1])
          })
      }
    }
  }

  @Test(arguments: ElementFormats.encodable.map(\.name), [1, 2, 19])
  func equalsTheDecodedProduct(_ name: String, tokens: Int) throws {
    let format = try #require(ElementFormats.named(name))
    let columns = format.width(96)
    let slot = try Replay.slot("w", rows: 75, Replay.numbers(75 * columns, "w"), format: format)
    let b = Replay.numbers(75, "b")
    let bias = try Replay.slot("b", b)
    let x = Replay.numbers(tokens * columns, "x")
    for compute in [Compute.f32, .standard] {
      let y = try Replay.output(
        lengths: [tokens], [(columns, x)], prepare: { $0.compute = compute }
      ) { try $0.linear($1[0], slot, bias: bias) }
      // To 8 bit, or where codes are no whole numbers to BF16, weights too.
      let rounds = compute == .standard && format.blockLength > 1
      // BF16 weights take activations as they do everywhere in the model.
      let isBF16 = compute == .standard && name == "BF16" && Kernels.instructionSet >= .avx512bf16
      let near = isBF16 ? try inBF16(x) : x
      // Eight bits of activations: half a step of 2/127 each, weights up to 2, adding at random.
      let bound = Float(0.06 * Double(columns).squareRoot())
      #expect(Replay.distance(y, try expected(slot.weight, near, b)) < (rounds ? bound : 1e-4))
    }
  }

  private func inBF16(_ x: [Float]) throws -> [Float] {
    let format = try ElementFormats.required("BF16")
    let bytes = try Buffer(byteCount: format.rowBytes(x.count))
    var result = x
    format.encode(x, count: x.count, into: bytes.pointer)
    format.decode(bytes.pointer, count: x.count, into: &result)
    return result
  }

  @Test(arguments: ElementFormats.encodable.map(\.name), [Compute.f32, .standard])
  func trainingRoundsToBF16WhereWeightsTolerateIt(_ name: String, compute: Compute) throws {
    let format = try #require(ElementFormats.named(name))
    let columns = format.width(96)
    let slot = try Replay.slot("w", rows: 75, Replay.numbers(75 * columns, "w"), format: format)
    let x = Replay.numbers(40 * columns, "x")
    let y = try Replay.output(
      lengths: [40], [(columns, x)], training: true, prepare: { $0.compute = compute }
    ) { try $0.linear($1[0], slot, bias: nil) }
    let exact = Replay.distance(
      y, try expected(slot.weight, x, [Float](repeating: 0, count: 75)))
    let mayRound = compute == .standard && format.toleratesBF16
    // 9 bits of activations and weights up to 2, adding at random.
    #expect(exact < (mayRound ? Float(0.02 * Double(columns).squareRoot()) : 1e-4))
    #expect(!(mayRound && Kernels.instructionSet >= .avx512bf16) || exact > 1e-3)
  }

  /// Trained numbers that stand in for coarser ones are rounded in training alone.
  @Test(arguments: [true, false], [Compute.f32, .standard])
  func trainedNumbersAreRoundedWhereTheirWeightWouldBe(mayRound: Bool, compute: Compute) throws {
    let numbers = Replay.numbers(75 * 96, "w")
    let slot = try Replay.slot("w", rows: 75, numbers)
    let parameter = try Parameter("w", rows: 75, columns: 96, trainsInBF16: mayRound)
    for (i, number) in numbers.enumerated() { parameter.values[i] = number }
    let x = Replay.numbers(40 * 96, "x")
    for training in [true, false] {
      let y = try Replay.output(
        lengths: [40], [(96, x)], training: training, prepare: { $0.compute = compute }
      ) { try $0.linear($1[0], trained: parameter) }
      let exact = Replay.distance(
        y, try expected(slot.weight, x, [Float](repeating: 0, count: 75)))
      let rounds =
        mayRound && training && compute == .standard && Kernels.instructionSet >= .avx512bf16
      #expect(rounds ? exact > 1e-3 && exact < 0.2 : exact < 1e-4)
    }
  }

  @Test(arguments: [1, -0.5] as [Float], [true, false])
  func aProductIsAddedToAnotherValue(scale: Float, isOutput: Bool) throws {
    let parameter = try Parameter("w", rows: 75, columns: 9)
    for (i, number) in Replay.numbers(75 * 9, "w").enumerated() { parameter.values[i] = number }
    let (x, base) = (Replay.numbers(5 * 9, "x"), Replay.numbers(5 * 75, "base"))
    func run(_ record: @escaping (Graph, Value, Value) throws -> Value) throws -> [Float] {
      try Replay.output(lengths: [5], [(9, x), (75, base)]) {
        // An input keeps its bytes, what is made of it may lose them.
        let base = isOutput ? $1[1] : $0.add($1[1], $1[1])
        return try record($0, $1[0], base)
      }
    }
    let fused = try run { try $0.linear($1, trained: parameter, addedTo: $2, scale: scale) }
    let apart = try run { $0.add($2, try $0.linear($1, trained: parameter), scale: scale) }
    #expect(Replay.distance(fused, apart) < 1e-5)
  }

  @Test func otherWidthsAreRefused() throws {
    let graph = Graph(training: false)
    let slot = try Replay.slot("w", rows: 2, [1, 2, 3, 4, 5, 6])
    let bias = try Replay.slot("b", [1, 2, 3])
    #expect(throws: SVFTError.self) { try graph.linear(graph.input(width: 2), slot, bias: nil) }
    #expect(throws: SVFTError.self) { try graph.linear(graph.input(width: 3), slot, bias: bias) }
  }
}
