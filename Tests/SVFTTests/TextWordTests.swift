// Words of running texts, with their places in Unicode scalars.
import SVFT
import Testing

@Suite struct TextWordTests {
  @Test(
    arguments: [
      ("the cat", ["the", "cat"]), ("(London).", ["(", "London", ")", "."]), ("", []),
      (" \t\n", []), ("U.S. is", ["U.S", ".", "is"]), ("...", [".", ".", "."]),
      ("don't \u{201C}go\u{201D}", ["don't", "\u{201C}", "go", "\u{201D}"]), ("$5", ["$5"]),
    ] as [(String, [String])])
  func marksAtTheEndsStandAlone(_ text: String, _ words: [String]) {
    #expect(TextWord.all(in: text).map(\.text) == words)
  }

  @Test func placesCountScalars() {
    let text = "e\u{301}t \u{1F600} na, b"
    let scalars = Array(text.unicodeScalars)
    let words = TextWord.all(in: text)
    #expect(words.map(\.range) == [0..<3, 4..<5, 6..<8, 8..<9, 10..<11])
    for word in words {
      #expect(Array(word.text.unicodeScalars) == Array(scalars[word.range]))
    }
  }
}
