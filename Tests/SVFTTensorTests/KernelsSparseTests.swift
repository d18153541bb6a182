// Sparse products and gradients against sums in Double, for every instruction set, at orders and
// token counts beside 16.
import SVFTTensor
import TestKit
import Testing

@Suite struct KernelsSparseTests {
  /// A sparse matrix that owns its arrays; every fourth cell is there.
  private struct Sample {
    let order: Int
    var starts: [Int] = [0]
    var columns: [Int32] = []
    var values: [Float] = []

    init(order: Int, _ numbers: inout TestNumbers) {
      self.order = order
      for row in 0..<order {
        for column in 0..<order where (row * 7 + column * 3 + order) % 4 == 0 {
          columns.append(Int32(column))
          values.append(numbers.next())
        }
        starts.append(columns.count)
      }
      // An order whose pattern is empty still has addresses.
      columns.append(0)
      values.append(0)
    }

    var matrix: [(row: Int, column: Int, cell: Int)] {
      (0..<order).flatMap { row in
        (starts[row]..<starts[row + 1]).map { (row, Int(columns[$0]), $0) }
      }
    }

    func with<Result>(_ body: (Kernels.SparseMatrix) throws -> Result) throws -> Result {
      try starts.withUnsafeBufferPointer { starts in
        try columns.withUnsafeBufferPointer { columns in
          try values.withUnsafeBufferPointer { values in
            try body(
              Kernels.SparseMatrix(
                order: order, starts: #require(starts.baseAddress),
                columns: #require(columns.baseAddress), values: #require(values.baseAddress)))
          }
        }
      }
    }
  }

  private static let orders = [1, 2, 15, 16, 17, 33, 64]
  private static let tokens = [0, 1, 15, 16, 17, 40]

  @Test(arguments: Kernels.instructionSets)
  func productsEqualSums(_ set: Kernels.InstructionSet) throws {
    for order in Self.orders {
      for tokens in Self.tokens {
        var numbers = TestNumbers(seed: order + 100 * tokens)
        let sample = Sample(order: order, &numbers)
        let x = numbers.array(tokens * order + 1)
        let scratch = try Buffer(
          of: Float.self, count: 2 * Kernels.SparseMatrix.panelCount(order: order))
        for (transposed, accumulate) in [(false, false), (true, true)] {
          var y = [Float](repeating: 3, count: tokens * order + 1)
          try Kernels.with(set) {
            try sample.with {
              Kernels.multiply(
                $0, transposed: transposed, x, tokens: tokens, into: &y,
                Kernels.Update(alpha: 2, accumulate: accumulate),
                scratch: scratch.pointer.assumingMemoryBound(to: Float.self))
            }
          }
          var expected = [Double](repeating: accumulate ? 3 : 0, count: tokens * order)
          for t in 0..<tokens {
            for (row, column, cell) in sample.matrix {
              let (to, from) = transposed ? (column, row) : (row, column)
              expected[t * order + to] +=
                2 * Double(sample.values[cell]) * Double(x[t * order + from])
            }
          }
          withExtendedLifetime(scratch) {}
          for (found, sum) in zip(y, expected) { #expect(abs(Double(found) - sum) < 1e-4) }
          #expect(y[tokens * order] == 3)
        }
      }
    }
  }

  @Test(arguments: Kernels.instructionSets)
  func gradientsEqualSumsOnTheirCells(_ set: Kernels.InstructionSet) throws {
    for order in Self.orders {
      for tokens in Self.tokens where tokens > 0 {
        var numbers = TestNumbers(seed: order + 100 * tokens)
        let sample = Sample(order: order, &numbers)
        let (g, x) = (numbers.array(tokens * order), numbers.array(tokens * order))
        let panel = Kernels.SparseMatrix.panelCount(order: order)
        let panels = (tokens + Kernels.SparseMatrix.panel - 1) / Kernels.SparseMatrix.panel
        let turned = try Buffer(of: Float.self, count: 2 * panels * panel)
        let target = turned.pointer.assumingMemoryBound(to: Float.self)
        var gradient = [Float](repeating: 1, count: sample.values.count)
        try Kernels.with(set) {
          for index in 0..<panels {
            let first = index * Kernels.SparseMatrix.panel
            let count = min(Kernels.SparseMatrix.panel, tokens - first)
            for (which, numbers) in [g, x].enumerated() {
              numbers.withUnsafeBufferPointer {
                guard let start = $0.baseAddress else { return }
                Kernels.turnPanel(
                  start + first * order, tokens: count, order: order,
                  into: target + (2 * index + which) * panel)
              }
            }
          }
          try sample.with { matrix in
            for row in 0..<order {
              Kernels.accumulateGradient(
                matrix, rows: row..<row + 1, target, panels: panels, alpha: 0.5, into: &gradient)
            }
          }
        }
        for (row, column, cell) in sample.matrix {
          let sum = (0..<tokens).reduce(1.0) {
            $0 + 0.5 * Double(g[$1 * order + row]) * Double(x[$1 * order + column])
          }
          #expect(abs(Double(gradient[cell]) - sum) < 1e-4)
        }
        withExtendedLifetime(turned) {}
      }
    }
  }
}
