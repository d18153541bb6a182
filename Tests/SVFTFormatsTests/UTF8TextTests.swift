// Well-formed UTF-8 after RFC 3629, with the place of the first byte that is not.
import SVFTFormats
import Testing

@Suite struct UTF8TextTests {
  @Test(arguments: ["", "a", "plain text of more than eight bytes", "é", "€", "😀", "\u{10FFFF}"])
  func wellFormedTextPassesAtEveryAlignment(_ text: String) {
    for lead in 0..<9 {
      let bytes = Array(String(repeating: "x", count: lead).utf8) + Array(text.utf8)
      #expect(bytes.withUnsafeBytes { UTF8Text.firstInvalid($0) } == nil)
      let copy = bytes.withUnsafeBytes { UTF8Text.string($0) }
      #expect(copy?.utf8.elementsEqual(bytes) == true)
    }
  }

  @Test(
    arguments: [
      [0x80], [0xC0, 0x80], [0xC1, 0xBF], [0xC3], [0xC3, 0x28], [0xE0, 0x9F, 0xBF], [0xE2, 0x82],
      [0xED, 0xA0, 0x80], [0xF0, 0x8F, 0xBF, 0xBF], [0xF4, 0x90, 0x80, 0x80],
      [0xF5, 0x80, 0x80, 0x80],
      [0xF0, 0x9F, 0x98], [0xFE], [0xFF],
    ] as [[UInt8]])
  func theFirstBadByteIsNamed(_ bad: [UInt8]) {
    for lead in 0..<17 {
      let bytes = [UInt8](repeating: 0x78, count: lead) + bad + Array("tail".utf8)
      #expect(bytes.withUnsafeBytes { UTF8Text.firstInvalid($0) } == lead)
      #expect(bytes.withUnsafeBytes { UTF8Text.string($0) } == nil)
    }
  }

  /// Every sequence of up to three bytes is judged as the standard library judges it.
  @Test func itAgreesWithTheStandardLibrary() {
    for first in UInt8(0x7E)...0xFF {
      for second in stride(from: 0, through: 255, by: 1) {
        for third in [0x00, 0x7F, 0x80, 0xBF, 0xC0] as [UInt8] {
          let bytes = [first, UInt8(second), third]
          let isValid = String(validating: bytes, as: UTF8.self) != nil
          #expect((bytes.withUnsafeBytes { UTF8Text.firstInvalid($0) } == nil) == isValid)
        }
      }
    }
  }
}
