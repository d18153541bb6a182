// Base64 as files of ranks and compiled rules are written in it.
import SVFTTensor
import SVFTText
import Testing

@Suite struct Base64Tests {
  @Test(arguments: ["IQ== 0\nI? 1", "IQ=== 0", "IQ 0\nIR 1", "I 0", "= 0", "IQ== 0\nIg== 2"])
  func whatIsNoneIsAnError(_ text: String) {
    #expect(failure { _ = try Tokenizer(modelFile: Array(text.utf8)) } != nil)
  }
}
