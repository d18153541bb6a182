// Members of a team share out products of few rows by tokens: everything once, evenly, and to the
// bits of one thread.
import SVFTLayers
import SVFTTensor
import TestKit
import Testing

struct WeightPartsTests {
  private func weight(_ rows: Int, _ columns: Int) throws -> Weight {
    try Weight(
      format: ElementFormats.f32, rows: rows, columns: columns,
      bytes: Buffer(of: Float.self, count: rows * columns))
  }

  @Test(arguments: [1, 2, 3, 5], [1, 8, 33, 70, 576])
  func everyNumberIsOneMembers(_ size: Int, _ short: Int) throws {
    let (wide, tall) = (try weight(short, 200), try weight(200, short))
    for tokens in [0..<0, 0..<1, 3..<40, 5..<205, 0..<512] {
      var products = [Int](repeating: 0, count: tokens.count * short)
      var transposed = products
      var gradients = [Int](repeating: 0, count: short * 200)
      for id in 0..<size {
        let team = Team(id: id, size: size, meeting: nil)
        for (part, isTransposed) in [
          (wide.part(of: team, tokens: tokens), false),
          (tall.transposedPart(of: team, tokens: tokens), true),
        ] {
          for token in part.tokens {
            for output in part.outputs {
              let place = (token - tokens.lowerBound) * short + output
              if isTransposed { transposed[place] += 1 } else { products[place] += 1 }
            }
          }
        }
        let part = wide.gradientPart(of: team)
        for row in part.rows { for column in part.columns { gradients[row * 200 + column] += 1 } }
      }
      #expect(products.allSatisfy { $0 == 1 } && transposed.allSatisfy { $0 == 1 })
      #expect(gradients.allSatisfy { $0 == 1 })
    }
  }

  /// A matrix of eight rows has one chunk: shared out by chunks, one member would do it all.
  @Test(arguments: [2, 3, 4])
  func thinProductsAreSharedOutEvenly(_ size: Int) throws {
    let (wide, tall) = (try weight(8, 640), try weight(640, 8))
    var (products, transposed, gradients): ([Int], [Int], [Int]) = ([], [], [])
    for id in 0..<size {
      let team = Team(id: id, size: size, meeting: nil)
      products.append(wide.part(of: team, tokens: 0..<512).tokens.count)
      transposed.append(tall.transposedPart(of: team, tokens: 0..<512).tokens.count)
      gradients.append(wide.gradientPart(of: team).columns.count)
    }
    for shares in [products, transposed, gradients] {
      let (least, most) = (shares.min() ?? 0, shares.max() ?? 0)
      #expect(Double(most) <= 1.2 * Double(least), "\(shares)")
    }
  }

  /// A step of LoRA's products, and a bias: outputs and gradients of any team.
  @Test(arguments: [1, 8, 12, 40], [100, 300])
  func noTeamChangesABit(_ rank: Int, _ tokens: Int) throws {
    var alone: [[UInt32]] = []
    for threads in [1, 2, 3] {
      let bench = try Bench("low rank", lengths: [tokens])
      let x = bench.input(90)
      let base = try bench.graph.linear(x, bench.frozen("w", 130, 90), bias: bench.slot("b", 130))
      let inner = try bench.graph.linear(x, trained: bench.parameter("a", rank, 90))
      let y = try bench.graph.linear(
        inner, trained: bench.parameter("up", 130, rank), addedTo: base, scale: 0.7)
      let back = try bench.graph.linear(
        y, frozen: bench.frozen("v", 20, 130).weight)
      try bench.build(back, threads: threads)
      try bench.gradients()
      let bits = try bench.results().map { $0.map(\.bitPattern) }
      if threads == 1 { alone = bits } else { #expect(bits == alone, "\(threads) threads") }
    }
  }
}
