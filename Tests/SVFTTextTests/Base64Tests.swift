// Base64 as files of ranks and compiled rules are written in it.
import SVFTTensor
import SVFTText
import Testing

@Suite struct Base64Tests {
  @Test(arguments: ["IQ== 0\nI? 1", "IQ=== 0", "IQ 0\nIR 1", "I 0", "= 0", "IQ== 0\nIg== 2"])
  func whatIsNoneIsAnError(_ text: String) {
    #expect(failure { _ = try Tokenizer(modelFile: Array(text.utf8)) } != nil)
  }

  @Test(arguments: 0...7) func bytesGoThroughText(_ count: Int) throws {
    let bytes = (0..<count).map { UInt8(truncatingIfNeeded: 250 &+ 37 &* $0) }
    let text = Base64.encode(bytes)
    #expect(text.utf8.count == (count + 2) / 3 * 4)
    #expect(Base64.decode(Array(text.utf8)) == bytes)
  }
}
