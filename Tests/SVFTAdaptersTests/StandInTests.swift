// Copies that stand in for tensors: their values, groups and order when saved.
import SVFTAdapters
import SVFTFormats
import SVFTLayers
import SVFTTensor
import Testing

@Suite struct StandInTests {
  @Test func freshCopyIsTheDecodedTensorInItsGroup() throws {
    let model = try TinyChain(interleaved: true)
    let method = try model.method(["method": "full"])
    for standIn in method.standIns {
      let weight = standIn.slot.weight
      var decoded = [Float](repeating: 0, count: weight.rows * weight.columns)
      weight.decode(rows: 0..<weight.rows, into: &decoded)
      #expect(Array(standIn.parameter.values) == decoded)
      #expect(standIn.parameter.decays == (standIn.slot.shape.count > 1))
      #expect(standIn.users.allSatisfy { $0.weight === standIn.slot })
    }
  }

  @Test func savedRowsAreInCanonicalOrder() throws {
    func tensors(_ interleaved: Bool) throws -> [[Float]] {
      let model = try TinyChain(interleaved: interleaved)
      let method = try model.method(["method": "full"])
      let tensors = try AdapterFile.tensors(method)
      return try tensors.map { Array(try $0.floats()) }
    }
    #expect(try tensors(false) == tensors(true))
  }
}
