// Files of ranked tokens: Llama 3's against its tokenizer.json, and damaged ones.
import Foundation
import SVFTFormats
import SVFTTensor
import SVFTText
import TestKit
import Testing

@Suite struct RanksFileTests {
  @Test(.enabled(if: SharedData.isPresent, "needs ../shared/data"))
  func llamasFileGivesWhatItsTokenizerFileGives() throws {
    let real = try #require(RealVocabulary.all.first { $0.folder == "llama3-tokenizer" })
    let bytes = try TinyPieces.bytes(SharedData.path("llama3-tokenizer/tokenizer.model"))
    let (own, json) = (try Tokenizer(modelFile: bytes), try real.tokenizer())
    #expect(own.vocabularySize == json.vocabularySize && own.special.bos == json.special.bos)
    for (text, ids) in try real.cases() {
      #expect(try own.encode(text, addSpecial: false) == ids, "\(text.debugDescription)")
      #expect(try own.encode(text) == json.encode(text))
      #expect(try own.decode(ids) == json.decode(ids))
    }
    let text = "<|start_header_id|>user<|end_header_id|>\n\nhi<|eot_id|>"
    #expect(
      try own.encode(text, parseSpecial: true) == json.encode(text, parseSpecial: true))
    for cut in stride(from: 0, to: bytes.count, by: bytes.count / 7 + 1) {
      #expect(failure { _ = try Tokenizer(modelFile: Array(bytes[..<cut])) } != nil)
    }
  }

  @Test(arguments: [
    ("IQ== 0\nIg== 1\n", SVFTError.Kind.unsupported), ("IQ== 0\nIg== 7\n", .format),
    ("IQ== 0\nIg== x\n", .format), ("IQ== 0\n 1\n", .format), ("IQ== 0\nIg==1\n", .format),
    ("IQ== 0\n\u{0}\u{1}\n", .format),
  ])
  func whatIsNoneIsAnError(_ text: String, _ kind: SVFTError.Kind) {
    #expect(failure { _ = try Tokenizer(modelFile: Array(text.utf8)) }?.kind == kind)
  }

  @Test(arguments: ["IQ== 0\nI? 1", "IQ=== 0", "IQ 0\nIR 1", "I 0", "= 0", "IQ== 0\nIg== 2"])
  func whatIsNoBase64IsAnError(_ text: String) {
    #expect(failure { _ = try Tokenizer(modelFile: Array(text.utf8)) } != nil)
  }
}
