// Text to ids and back through the model.
import SVFT
import SVFTTensor
import TestKit
import Testing

@Suite struct ModelTextTests {
  @Test func specialTokensAreAddedOnRequestAndLeftOutOfText() throws {
    let model = try TinyVerbs().model()
    let plain = try model.tokenize("the cat", special: false)
    let whole = try model.tokenize("the cat")
    #expect(whole == [369] + plain)
    #expect(try model.detokenize(whole) == "the cat")
    #expect(try model.detokenize([]) == "")
  }

  @Test func textCannotWriteControlTokens() throws {
    let model = try TinyVerbs().model()
    #expect(try !model.tokenize("a<s>b</s>", special: false).contains { $0 == 369 || $0 == 370 })
  }

  @Test(arguments: ["", " ", "caf\u{301}é\r\n\t ok", "😀👨‍👩‍👧\u{0}", "\u{FFFD}"])
  func byteLevelTextComesBack(_ text: String) throws {
    let model = try TinyVerbs().model()
    #expect(try model.detokenize(model.tokenize(text, special: false)) == text)
  }

  @Test(arguments: [-1, 372, Int32.max]) func idsOutsideAreRefused(_ id: Int32) throws {
    let model = try TinyVerbs().model()
    let failure = #expect(throws: SVFTError.self) { try model.detokenize([1, id]) }
    #expect(failure?.kind == .invalidArgument)
    #expect(failure?.message.contains("\(id)") == true)
  }
}
