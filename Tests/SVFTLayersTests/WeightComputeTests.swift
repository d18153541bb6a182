// Which products a step rounds to BF16, for every format and compute, and that Linear asks.
import SVFTLayers
import SVFTTensor
import TestKit
import Testing

struct WeightComputeTests {
  private static let hasBF16 = Kernels.instructionSets.contains(.avx512bf16)

  private func batch(_ compute: Compute, training: Bool) throws -> Batch {
    let batch = try Batch(rows: 1, sequences: 1)
    batch.compute = compute
    batch.training = training
    return batch
  }

  /// y and dx of 40 tokens in the arithmetic of a step, on this thread.
  private func products(_ weight: Weight, _ x: [Float], in batch: Batch) throws -> [Float] {
    let (matrix, tokens) = (weight.matrix(in: batch), x.count / weight.columns)
    var y = [Float](repeating: 0, count: tokens * weight.rows)
    var dx = x
    let scratch = try Buffer(byteCount: weight.scratchBytes)
    matrix.product(
      rows: 0..<weight.rows, x, tokens: tokens, into: &y, ldy: weight.rows,
      scratch: scratch.pointer)
    matrix.transposedProduct(
      columns: 0..<weight.columns, y, ldg: weight.rows, tokens: tokens, into: &dx,
      ldx: weight.columns, scratch: scratch.pointer)
    return y + dx
  }

  @Test(
    .enabled(if: hasBF16, "products in BF16 need a processor with avx512vnni"),
    arguments: ElementFormats.encodable.map(\.name), [false, true])
  func computeAndFormatDecide(_ name: String, training: Bool) throws {
    let format = try ElementFormats.required(name)
    let columns = format.width(96)
    let weight = try Replay.slot(
      "w", rows: 33, Replay.numbers(33 * columns, "w"), format: format
    ).weight
    let x = Replay.numbers(40 * columns, "x")
    try Kernels.with(.avx512bf16) {
      let exact = try products(weight, x, in: batch(.f32, training: training))
      let standard = try products(weight, x, in: batch(.standard, training: training))
      #expect((exact != standard) == !["F32", "F16"].contains(name))
    }
    try Kernels.with(.avx512) {
      let exact = try products(weight, x, in: batch(.f32, training: training))
      #expect(try products(weight, x, in: batch(.standard, training: training)) == exact)
    }
  }
}
