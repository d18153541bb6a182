// Bytes and the text they are written as: RFC 4648's own examples, and what is none.
import SVFTFormats
import Testing

@Suite struct Base64Tests {
  static let pairs = [
    ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="),
    ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy"), ("f", "Zg"), ("fo", "Zm8"),
  ]

  @Test(arguments: pairs)
  func textIsDecoded(_ pair: (bytes: String, text: String)) {
    #expect(Base64.decode(pair.text.utf8) == Array(pair.bytes.utf8))
  }

  @Test(arguments: ["I?", "IQ===", "IR", "I", "Zg=A", "Zm9v Zg=="])
  func whatIsNoneGivesNothing(_ text: String) {
    #expect(Base64.decode(text.utf8) == nil)
  }

  @Test(arguments: 0...7) func bytesGoThroughText(_ count: Int) {
    let bytes = (0..<count).map { UInt8(truncatingIfNeeded: 250 &+ 37 &* $0) }
    let text = Base64.encode(bytes)
    #expect(text.utf8.count == (count + 2) / 3 * 4)
    #expect(Base64.decode(text.utf8) == bytes)
  }
}
