// Metadata values by themselves: what people see, and how arrays give up their elements.
import SVFTFormats
import SVFTTensor
import Testing
import TestKit

@Suite struct GGUFValueTests {
  @Test func arraysGiveBackTheirElements() throws {
    #expect(try array(.strings(["", "é", "a\0b"])).strings("x") == ["", "é", "a\0b"])
    #expect(try array(.ints([.min, 0, .max])).ints("x") == [-0x8000_0000, 0, 0x7FFF_FFFF])
    #expect(try array(.floats([-0.5, 0x1p-149])).floats("x") == [-0.5, 0x1p-149])
    #expect(try array(.strings([])).strings("x").isEmpty)
    #expect(try array(.strings(["", "é"])).texts("x") == [[], [0xC3, 0xA9]])
    #expect(try array(.bools([true, false])).count == 2)
  }

  @Test func elementsOfAnotherKindNameThePlaceAndBoth() throws {
    let error = #expect(throws: SVFTError.self) {
      try array(.ints([1])).strings("metadata \"tokens\"")
    }
    #expect(error?.kind == .format)
    #expect(
      error?.message == "metadata \"tokens\": expected an array of strings, found one of int32")
    #expect(throws: SVFTError.self) { try array(.bools([true])).ints("x") }
    #expect(throws: SVFTError.self) { try array(.ints([1])).texts("x") }
    #expect(throws: SVFTError.self) { try array(.strings(["1"])).floats("x") }
  }

  @Test(arguments: [
    (GGUFValue.integer(-3, .int8), "an integer", "-3"),
    (.unsigned(.max), "an integer", "18446744073709551615"), (.float32(0.5), "a number", "0.5"),
    (.bool(false), "a truth value", "false"), (.string("x"), "a string", "x"),
  ])
  func valuesAreShownToPeople(_ value: GGUFValue, _ description: String, _ shown: String) {
    #expect(value.description == description)
    #expect(value.shown == shown)
  }

  @Test func arraysAreShownByTheirLength() throws {
    let value = try GGUFValue.floats([1, 2, 3])
    #expect(value.shown == "[3 × float32]")
    #expect(value.description == "an array of 3 × float32")
  }

  @Test func hyperparametersFit32Bits() throws {
    #expect(try GGUFValue.uint32(Int(UInt32.max)).shown == "4294967295")
    for wrong in [-1, Int(UInt32.max) + 1] {
      #expect(#expect(throws: SVFTError.self) { try GGUFValue.uint32(wrong) }?.kind == .limit)
    }
  }

  private func array(_ value: GGUFValue) throws -> GGUFValue.Array {
    guard case .array(let array) = value else { throw SVFTError(.internal, "no array") }
    return array
  }
}
