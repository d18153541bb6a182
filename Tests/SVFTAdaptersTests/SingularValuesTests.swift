// Which directions of a matrix can be told apart.
import SVFTAdapters
import SVFTLayers
import SVFTTensor
import Testing

@Suite struct SingularValuesTests {
  /// σ of a diagonal matrix.
  private func values(_ sigma: [Float]) throws -> SingularValues {
    let order = sigma.count
    let buffer = try Buffer(of: Float.self, count: order * order)
    for (index, value) in sigma.enumerated() {
      buffer.values(Float.self)[index * (order + 1)] = value
    }
    let slot = Slot(
      name: "m.weight",
      weight: try Weight(format: ElementFormats.f32, rows: order, columns: order, bytes: buffer),
      shape: [order, order])
    return try FactorStore().factors([slot])[0].values
  }

  @Test func equalAndVanishingValuesAreTied() throws {
    let values = try values([4, 2, 2, 1, 0])
    #expect(values.tied() == [false, true, true, false, true])
    #expect(values.order == 5 && values.hash.count == 64)
  }

  @Test func neighboursWithinTheGapAreOneCluster() throws {
    let values = try values([8, 4, 3.5, 3, 1, 0.5])
    #expect(values.clusters(gap: 0.07) == [1..<4, 4..<6])
    #expect(values.clusters(gap: 1) == [0..<6])
    #expect(values.clusters(gap: 0.01).isEmpty)
  }

  @Test func aMatrixOfNothingHasNoDirections() throws {
    #expect(try values([0, 0]).tied() == [true, true])
  }
}
