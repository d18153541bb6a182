// Factors multiply to the matrix in whatever order its rows lie; hashes do not see that order.
import SVFTAdapters
import SVFTFormats
import SVFTLayers
import SVFTTensor
import TestKit
import Testing

@Suite struct FactorsTests {
  @Test(arguments: [false, true])
  func productOfTheFactorsIsTheMatrix(interleaved: Bool) throws {
    let model = try TinyChain(interleaved: interleaved)
    for projection in model.sites.projections {
      let factors = try model.factors.factors([projection.weight])[0]
      let (u, v) = (factors.left.bytes.values(Float.self), factors.right.bytes.values(Float.self))
      let matrix = projection.weight.weight.bytes.values(Float.self)
      let order = factors.order
      for row in 0..<projection.rows {
        for column in 0..<projection.columns {
          var sum = 0.0
          for j in 0..<order {
            sum +=
              Double(u[row * order + j]) * factors.values.sigma[j]
              * Double(v[j * projection.columns + column])
          }
          #expect(abs(sum - Double(matrix[row * projection.columns + column])) < 1e-5)
        }
      }
    }
  }

  @Test func hashForgetsTheOrderOfRowsButNothingElse() throws {
    let canonical = try TinyChain()
    let interleaved = try TinyChain(interleaved: true)
    let other = try TinyChain(seed: 2)
    let hash = canonical.square.weight.canonicalHash()
    #expect(hash == interleaved.square.weight.canonicalHash())
    let lies = canonical.square.weight.weight.bytes.values(Float.self)[40]
    let liesElsewhere = interleaved.square.weight.weight.bytes.values(Float.self)[40]
    #expect(lies != liesElsewhere)
    #expect(hash != other.square.weight.canonicalHash())
    for format in ElementFormats.small where format.name != "F32" {
      #expect(try TinyChain(format).square.weight.canonicalHash() != hash)
    }
  }

  @Test(arguments: ArrangedPair.formats.map(\.name), [8, 16, 24, 72, 104])
  func hashForgetsStrips(format: String, rows: Int) throws {
    let format = try ElementFormats.required(format)
    let columns = format.width(64)
    let pair = try ArrangedPair(format, rows: rows, columns: columns)
    for order in [RowOrder.canonical, .interleaved(headWidth: 8)] {
      let hashes = [pair.rows, pair.strips].map {
        Slot(name: "w", weight: $0, shape: [rows, columns], rowOrder: order).canonicalHash()
      }
      #expect(hashes[0] == hashes[1])
    }
  }

  @Test func truncationKeepsTheFirstDirections() throws {
    let model = try TinyChain()
    let whole = try model.factors.factors([model.tall.weight])[0]
    let part = try whole.truncated(5)
    #expect(part.values.sigma == Array(whole.values.sigma[..<5]))
    #expect(part.left.columns == 5 && part.right.rows == 5)
    let kept = part.left.bytes.values(Float.self)[5 * 3 + 4]
    let original = whole.left.bytes.values(Float.self)[whole.order * 3 + 4]
    #expect(kept == original)
    #expect(try whole.truncated(99) === whole)
  }

  /// Both together are rounded in training where W would be; in inference they never are.
  @Test(arguments: ["F32", "BF16", "Q8_0"])
  func trainingRoundsThemWhereItRoundsTheirMatrix(format: String) throws {
    let element = try #require(ElementFormats.named(format))
    let model = try TinyChain(element)
    let slot = model.sites.projections[0].weight
    let whole = try model.factors.factors([slot])[0]
    for factors in [whole, try whole.truncated(3)] {
      for weight in [factors.left, factors.right] {
        #expect(weight.trainsInBF16 == element.toleratesBF16)
      }
    }
  }

  /// On any base, all forms are the same adapter, as near as their rounding.
  @Test(arguments: ["BF16", "Q8_0"], SingularForm.allCases.map(\.rawValue))
  func formsOverCoarseWeightsAgreeInTraining(format: String, form: String) throws {
    let element = try #require(ElementFormats.named(format))
    func outputs(_ form: String, training: Bool) throws -> [Float] {
      let model = try TinyChain(element)
      let method = try model.method([
        "method": "svft", "pattern": "banded", "d": 2, "form": .string(form),
      ])
      method.disturb()
      try AdapterSet.attach(method)
      return try model.session(training: training).outputs()
    }
    let expected = try outputs("additive", training: true)
    let largest = expected.map(abs).max() ?? 0
    #expect(distance(try outputs(form, training: true), expected) < 0.03 * largest)
  }
}
