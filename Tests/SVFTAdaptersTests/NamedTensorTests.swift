// Tensors on their way to a file: types are checked, and every number must be one.
import SVFTAdapters
import SVFTTensor
import Testing

@Suite struct NamedTensorTests {
  @Test func valuesComeBackUnderTheirTypeOnly() throws {
    let floats = try NamedTensor("a", shape: [2], type: "F32", [Float(1), 2])
    let integers = try NamedTensor("b", shape: [2], type: "I64", [Int64(3), 4])
    #expect(Array(try floats.floats()) == [1, 2])
    #expect(Array(try integers.integers()) == [3, 4])
    #expect(throws: SVFTError.self) { try floats.integers() }
    #expect(throws: SVFTError.self) { try integers.floats() }
    withExtendedLifetime((floats, integers)) {}
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity])
  func numbersThatAreNoneAreRefusedByPlace(value: Float) throws {
    let tensor = try NamedTensor("a.b", shape: [3], type: "F32", [0, 0, value])
    do {
      _ = try tensor.floats()
      Issue.record("\(value) was accepted")
    } catch {
      #expect(error.kind == .nonFinite)
      #expect(error.message.contains("a.b") && error.message.contains("element 2"))
    }
  }
}
