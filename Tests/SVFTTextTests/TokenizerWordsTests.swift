// Words apart: where each begins among the tokens of all.
import Foundation
import SVFTText
import TestKit
import Testing

struct TokenizerWordsTests {
  private func tokenizer(_ name: String) throws -> Tokenizer {
    let folder = try TemporaryFolder()
    let path = SharedData.packageRoot + "/Tests/Fixtures/tokenizer-\(name).json"
    try folder.write("tokenizer.json", try String(contentsOfFile: path, encoding: .utf8))
    return try Tokenizer(folder: folder.path)
  }

  @Test(arguments: ["bytes", "words", "pieces", "unigram"])
  func eachWordIsEncodedOnItsOwn(_ name: String) throws {
    let tokenizer = try tokenizer(name)
    let words = ["the", "cat's", "", "sat", "."]
    let (ids, rows) = try tokenizer.encode(words: words)
    let blank = name == "bytes" ? " " : ""
    var expected = tokenizer.around.before
    for (word, row) in zip(words, rows) {
      #expect(row == (word.isEmpty ? nil : expected.count))
      guard !word.isEmpty else { continue }
      expected += try tokenizer.encode(blank + word, addSpecial: false)
    }
    #expect(ids == expected + tokenizer.around.after)
  }
}
