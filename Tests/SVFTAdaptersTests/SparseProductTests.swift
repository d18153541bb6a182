// Sparse products and gradients against dense sums in float64, at every tail of a panel.
import SVFTAdapters
import SVFTTensor
import Testing

@Suite struct SparseProductTests {
  /// A random pattern with values, and the same as a dense matrix.
  private struct Sample {
    let pattern: SparsityPattern
    let values: Buffer
    var dense: [Double]

    init(order: Int, count: Int) throws {
      var random = RandomSource(seed: 1, purpose: "sparse")
      pattern = try .random(order: order, count: count, &random)
      values = try Buffer(of: Float.self, count: pattern.count)
      dense = [Double](repeating: 0, count: order * order)
      for row in 0..<order {
        for cell in pattern.starts[row]..<pattern.starts[row + 1] {
          let value = Float(random.normal())
          values.values(Float.self)[cell] = value
          dense[row * order + Int(pattern.columns[cell])] = Double(value)
        }
      }
    }

    func numbers(_ count: Int, _ purpose: String) -> [Float] {
      var random = RandomSource(seed: 2, purpose: purpose)
      return (0..<count).map { _ in Float(random.normal()) }
    }
  }

  @Test(arguments: [(1, 1), (5, 12), (33, 200)], [1, 15, 16, 17, 300])
  func productsEqualDenseOnes(shape: (Int, Int), tokens: Int) throws {
    let order = shape.0
    let sample = try Sample(order: order, count: shape.1)
    let product = SparseProduct(pattern: sample.pattern, values: sample.values.values())
    let scratch = try Buffer(byteCount: SparseProduct.memberScratch(order: order))
    let x = sample.numbers(tokens * order, "x")
    for transposed in [false, true] {
      var y = [Float](repeating: 1, count: tokens * order)
      product.product(
        x, into: &y, transposed: transposed, scale: 2, accumulate: transposed, tokens: tokens,
        team: .alone, scratch: scratch.pointer)
      for t in 0..<tokens {
        for i in 0..<order {
          var sum = transposed ? 0.5 : 0
          for j in 0..<order {
            let m = sample.dense[transposed ? j * order + i : i * order + j]
            sum += m * Double(x[t * order + j])
          }
          #expect(abs(Double(y[t * order + i]) - 2 * sum) < 1e-4)
        }
      }
    }
    withExtendedLifetime((sample, scratch)) {}
  }

  @Test(arguments: [(1, 1), (5, 12), (33, 200)], [1, 16, 17, 300])
  func gradientEqualsTheDenseOneOnItsCells(shape: (Int, Int), tokens: Int) throws {
    let order = shape.0
    let sample = try Sample(order: order, count: shape.1)
    let product = SparseProduct(pattern: sample.pattern, values: sample.values.values())
    let scratch = try Buffer(
      byteCount: SparseProduct.sharedScratch(order: order, rows: tokens))
    let gradient = try Buffer(of: Float.self, count: sample.pattern.count)
    let (g, x) = (sample.numbers(tokens * order, "g"), sample.numbers(tokens * order, "x"))
    product.accumulateGradient(
      g, x, scale: 0.5, tokens: tokens, into: gradient.values(), team: .alone,
      scratch: scratch.pointer)
    for row in 0..<order {
      for cell in sample.pattern.starts[row]..<sample.pattern.starts[row + 1] {
        let column = Int(sample.pattern.columns[cell])
        var sum = 0.0
        for t in 0..<tokens { sum += Double(g[t * order + row]) * Double(x[t * order + column]) }
        #expect(abs(Double(gradient.values(Float.self)[cell]) - sum / 2) < 1e-3)
      }
    }
    withExtendedLifetime((sample, scratch, gradient)) {}
  }
}
