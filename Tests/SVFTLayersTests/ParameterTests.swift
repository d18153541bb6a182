// A parameter is a weight whose numbers may change.
import SVFTLayers
import SVFTTensor
import Testing

struct ParameterTests {
  @Test func itsWeightSharesItsNumbers() throws {
    let parameter = try Parameter("m", rows: 2, columns: 3, shape: [6])
    #expect(parameter.count == 6)
    #expect(parameter.shape == [6])
    #expect(parameter.values.allSatisfy { $0 == 0 })
    #expect(parameter.gradients.allSatisfy { $0 == 0 })
    parameter.values[4] = 7
    #expect(try Replay.decoded(parameter.weight) == [0, 0, 0, 0, 7, 0])
    #expect(try Parameter("m", rows: 2, columns: 3).shape == [2, 3])
  }

  @Test func noNumbersAreRefused() {
    #expect(throws: SVFTError.self) { try Parameter("m", rows: 0, columns: 3) }
  }
}
